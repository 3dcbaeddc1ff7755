import type { EventResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { styleOf } from '../text/style.ts';
import { endsStep, eventLine } from './event-line.ts';
import { frame } from './frame.ts';
import { painterOf } from './painter.ts';
import { nothingYet, percentOf, type RunView } from './run-view.ts';

/** Shows how a run goes on. */
export interface Display {
  show(event: EventResource, view: RunView): void;
  /** A sentence beside the events, such as why nothing happens. */
  remark(sentence: string): void;
  close(): void;
}

const REPAINT_MS = 200;

/** A picture that is painted over on a terminal, a line for each event elsewhere, nothing with `--json`. */
export function displayOf(context: Context, title: string): Display {
  if (context.json) return { show() {}, remark() {}, close() {} };
  return context.out.rich ? picture(context, title) : lines(context);
}

function lines({ out, program }: Context): Display {
  return {
    show(event, view) {
      const percent = endsStep(event) ? `[${String(percentOf(view)).padStart(3)}%] ` : '';
      out.write(`${percent}${eventLine(event, program)}\n`);
    },
    remark: (sentence) => out.write(`${sentence}\n`),
    close() {},
  };
}

function picture({ out, program }: Context, title: string): Display {
  const painter = painterOf(out);
  const style = styleOf(true);
  let latest: RunView = nothingYet;
  let remark: string | undefined;
  const paint = () =>
    painter.paint(frame(latest, title, remark ?? askedOf(latest, program), out, Date.now(), style));
  const timer = setInterval(paint, REPAINT_MS);
  return {
    show(_event, view) {
      latest = view;
      remark = undefined;
    },
    remark(sentence) {
      remark = sentence;
    },
    close() {
      clearInterval(timer);
      paint();
    },
  };
}

/** What a person can do when the run waits for one. */
function askedOf(view: RunView, program: string): string | undefined {
  return view.phase === 'waiting' && view.waitingFor !== 'retry'
    ? `It waits for you: ${program} approvals`
    : undefined;
}
