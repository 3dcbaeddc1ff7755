import { ApiError, type Client, type EventResource } from '@aos/sdk';

import { CommandError, connectionError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { oneLineJson, oneLine } from '../text/clean.ts';
import { displayOf, type Display } from './display.ts';
import { apply, factOf, nothingYet, withPlan, type RunView } from './run-view.ts';

/** After so long without an event the user is told why. */
const QUIET_MS = 5_000;

/**
 * Shows the run from its first event to its last. `detached` when Ctrl-C ended the showing; the run
 * itself goes on then.
 */
export async function follow(
  context: Context,
  client: Client,
  run: { readonly id: string; readonly goal: string },
): Promise<'ended' | 'detached'> {
  const signal = context.interruption();
  const display = displayOf(context, `${run.id}  ${oneLine(run.goal)}`);
  const quiet = watchQuiet(client, run.id, display);
  let view: RunView = nothingYet;
  try {
    for await (const received of eventsOf(context, client, run.id, signal)) {
      quiet.heard(received);
      const event = oneLineJson(received);
      view = apply(view, event);
      if (factOf(event).type === 'run.planned') view = await planned(client, run.id, view);
      display.show(event, view);
    }
    return signal.aborted ? 'detached' : 'ended';
  } finally {
    quiet.stop();
    display.close();
  }
}

/** Ends early when the signal aborts. */
async function* eventsOf(
  context: Context,
  client: Client,
  runId: string,
  signal: AbortSignal,
): AsyncGenerator<EventResource, void, undefined> {
  try {
    yield* client.runs.events(runId, { signal });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ApiError || error instanceof CommandError) throw error;
    throw connectionError(
      `The connection to the API was lost; the run goes on without it. Watch it again: ${context.program} watch ${runId}`,
      error,
    );
  }
}

/** The steps of the plan by name. Without them the display still lives on what the events name. */
async function planned(client: Client, runId: string, view: RunView): Promise<RunView> {
  try {
    const { plan, version } = oneLineJson(await client.runs.plan(runId));
    return withPlan(view, plan, version);
  } catch (error) {
    if (error instanceof ApiError) return view;
    throw error;
  }
}

/** Asks the API why a run is not moving, once for each silence, and never while a step is under way. */
function watchQuiet(client: Client, runId: string, display: Display) {
  const ask = () => {
    client.runs.why(runId).then(
      ({ reasons }) => {
        const telling = reasons.filter(
          ({ code }) => code !== 'step_running' && code !== 'finished',
        );
        if (telling.length > 0)
          display.remark(telling.map(({ detail }) => oneLine(detail)).join(' '));
      },
      // The stream itself goes on trying, and gives up some time.
      () => display.remark('The API does not answer; still trying.'),
    );
  };
  let timer = setTimeout(ask, QUIET_MS);
  return {
    heard(event: EventResource) {
      clearTimeout(timer);
      if (event.type !== 'run.finished') timer = setTimeout(ask, QUIET_MS);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
