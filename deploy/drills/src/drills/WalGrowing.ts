import type { Drill } from '../drill.ts';

/** Of 1 MB each. */
const BLOCKS = 130;

export const walGrowing: Drill = {
  alert: 'WalGrowing',
  severity: 'warning',
  fault:
    'A replication slot whose standby is gone holds the write-ahead log, which grows by 130 MB.',
  postgres: { max_wal_size: '32MB', min_wal_size: '32MB', wal_keep_size: '0' },
  async breakIt({ database }) {
    await database.query(`select pg_create_physical_replication_slot('gone', true)`);
    await database.query('create table drill_ballast (block text)');
    for (let n = 0; n < BLOCKS; n++) {
      await database.query(
        `insert into drill_ballast
         select string_agg(md5(random()::text), '') from generate_series(1, 31) i
         cross join generate_series(1, 1000) j group by j`,
      );
    }
  },
  mend: {
    what: 'By hand, as the page says: the slot is dropped, and a checkpoint made.',
    async perform({ database }) {
      await database.query(`select pg_drop_replication_slot('gone')`);
      await database.query('checkpoint');
    },
  },
};
