// Loaded before a worker (`node --import`): what it does to itself when it gets SIGUSR2.

process.on('SIGUSR2', () => {
  if (process.env['CHAOS_DEED'] === 'block') {
    // Nothing else has its turn any more.
    for (const until = Date.now() + 60_000; Date.now() < until;);
  } else {
    const kept: string[][] = [];
    for (;;) kept.push(Array.from({ length: 100_000 }, (_, n) => `${kept.length}-${n}`));
  }
});
