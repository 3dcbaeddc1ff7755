import { simulate } from './simulate.ts';

const seed = Number(process.argv[2] ?? 1);
const n = Number(process.argv[3] ?? 100);
const t = performance.now();
let virtualMs = 0,
  tasks = 0,
  bad = 0;
for (let at = seed; at < seed + n; at++) {
  const result = await simulate(at, { traced: n === 1 });
  virtualMs += result.virtualMs;
  tasks += result.tasks;
  if (n === 1) console.log(result.trace.join('\n'));
  if (result.violations.length > 0) {
    bad++;
    if (bad < 15) console.log(at, result.violations.slice(0, 4).join('\n   '));
  }
}
const s = (performance.now() - t) / 1000;
console.log({
  seeds: n,
  perS: n / s,
  ratio: virtualMs / 1000 / s,
  tasks: tasks / n,
  virtualS: virtualMs / n / 1000,
  bad,
});
