/** Beside the floors: drills of alerts on scratch stacks, for tests of the whole. */
export { drills, notDrilled } from './drills.ts';
