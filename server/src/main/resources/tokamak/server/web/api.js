// The server's API, as this page needs it.

/** An error answer of the server. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function headers(key) {
  return { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) };
}

async function failure(response) {
  let message = `the server answered ${response.status}`;
  try {
    message = (await response.json()).error?.message ?? message;
  } catch {
    // Not JSON: the status has to do.
  }
  return new ApiError(response.status, message);
}

export async function models(key) {
  const response = await fetch('v1/models', { headers: headers(key) });
  if (!response.ok) {
    throw await failure(response);
  }
  return (await response.json()).data;
}

/** Chunks of a streamed chat as they come. Errors in the stream are thrown. */
export async function* chat(request, key, signal) {
  const response = await fetch('v1/chat/completions', {
    method: 'POST',
    headers: headers(key),
    body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true, continuous_usage_stats: true } }),
    signal,
  });
  if (!response.ok) {
    throw await failure(response);
  }
  for await (const data of events(response.body)) {
    if (data === '[DONE]') {
      return;
    }
    const chunk = JSON.parse(data);
    if (chunk.error) {
      throw new ApiError(chunk.error.code ?? 500, chunk.error.message ?? 'the server gave up');
    }
    yield chunk;
  }
  throw new ApiError(0, 'the connection ended before the answer was complete');
}

/** The data of server-sent events. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      const parts = (rest + value).split(/\r?\n\r?\n/);
      rest = parts.pop();
      for (const part of parts) {
        const lines = part.split(/\r?\n/).filter((line) => line.startsWith('data:'));
        if (lines.length > 0) {
          yield lines.map((line) => line.slice(5).trimStart()).join('\n');
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
