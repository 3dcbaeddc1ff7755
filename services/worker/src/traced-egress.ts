import type { Egress } from '@aos/egress';
import { attribute, inSpan, type Tracing } from '@aos/telemetry';

/**
 * Requests of a step as spans below it. They tell host and status alone, since paths and queries of many
 * addresses are secrets; and nothing of the trace is sent along to hosts that are not ours.
 */
export function tracedEgress(tracing: Tracing, egress: Egress): Egress {
  return {
    async request(request, signal) {
      if (!tracing.isInside()) return egress.request(request, signal);
      const { method = 'GET', url } = request;
      const attributes = { [attribute.httpMethod]: method, ...serverOf(url) };
      return inSpan(
        tracing,
        { name: method, kind: 'client', attributes },
        () => egress.request(request, signal),
        (span, { status }) => {
          span.set({ [attribute.httpStatus]: status });
          span.end(status >= 400 ? String(status) : undefined);
        },
      );
    },
    [Symbol.asyncDispose]: () => egress[Symbol.asyncDispose](),
  };
}

function serverOf(url: string) {
  if (!URL.canParse(url)) return {};
  const { hostname, port, protocol } = new URL(url);
  return {
    [attribute.serverAddress]: hostname,
    [attribute.serverPort]: Number(port || (protocol === 'https:' ? 443 : 80)),
  };
}
