import { isConflict } from './db.ts';

const ATTEMPTS_MAX = 5;

/**
 * Does the work, one transaction, again when it met another one head-on: a worker takes a job and then
 * its run, everybody else the run and then its job.
 */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error) || attempt >= ATTEMPTS_MAX) throw error;
    }
  }
}
