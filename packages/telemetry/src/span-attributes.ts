/**
 * The names of what spans tell. Those of OpenTelemetry's conventions for HTTP, messaging and generative AI
 * where there is one; ours begin with `aos.`. Goals, inputs, outputs and prompts are not among them.
 */
export const attribute = {
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  messagingSystem: 'messaging.system',
  messagingOperation: 'messaging.operation.name',
  messagingDestination: 'messaging.destination.name',
  genAiOperation: 'gen_ai.operation.name',
  genAiWorkflow: 'gen_ai.workflow.name',
  genAiAgent: 'gen_ai.agent.name',
  genAiTool: 'gen_ai.tool.name',
  genAiToolType: 'gen_ai.tool.type',
  genAiToolCall: 'gen_ai.tool.call.id',
  tenant: 'aos.tenant',
  requestId: 'aos.request.id',
  runId: 'aos.run.id',
  runEpoch: 'aos.run.epoch',
  runEnding: 'aos.run.ending',
  runOutcome: 'aos.run.outcome',
  planner: 'aos.planner',
  workerId: 'aos.worker.id',
  step: 'aos.step',
  attempt: 'aos.attempt',
  outcome: 'aos.outcome',
} as const;
