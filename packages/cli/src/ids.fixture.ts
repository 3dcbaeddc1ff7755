export const uuid = '01a209b7-6a00-7a98-b4dc-000000000001';
export const runId = `run_${uuid}`;
