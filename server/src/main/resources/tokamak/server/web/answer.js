import { chat } from './api.js';

const MIN_MEASURED_MILLIS = 20;

/** The messages of a conversation as the API takes them. */
function wire(conversation, system) {
  const messages = system.trim() ? [{ role: 'system', content: system }] : [];
  for (const message of conversation) {
    if (message.role === 'user') {
      messages.push({ role: 'user', content: message.content });
      continue;
    }
    const calls = (message.calls ?? []).filter((call) => call.result !== undefined);
    if (!message.content && calls.length === 0) {
      continue;
    }
    messages.push({
      role: 'assistant',
      content: message.content,
      ...(calls.length > 0
        ? { tool_calls: calls.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } })) }
        : {}),
    });
    calls.forEach((call) => messages.push({ role: 'tool', tool_call_id: call.id, content: call.result }));
  }
  return messages;
}

export function emptyAnswer() {
  return { role: 'assistant', content: '', reasoning: '', calls: [], running: true };
}

/**
 * Fills a message with the answer to a conversation.
 *
 * @param message changed in place; {@code onChange} is called after every change
 */
export async function fill(message, { conversation, model, settings, key, signal, onChange }) {
  const start = performance.now();
  const times = { start, first: 0, last: 0, thought: 0 };
  const request = { model, messages: wire(conversation, settings.system), ...settings.parameters };
  if (settings.tools.length > 0) {
    request.tools = settings.tools;
  }
  try {
    for await (const chunk of chat(request, key, signal)) {
      take(message, chunk, times);
      onChange();
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
    message.end = 'stopped';
  } finally {
    message.running = false;
    onChange();
  }
}

function take(message, chunk, times) {
  const choice = chunk.choices?.[0];
  const delta = choice?.delta ?? {};
  const now = performance.now();
  const reasoning = delta.reasoning_content ?? delta.reasoning ?? '';
  const content = delta.content ?? '';
  message.reasoning += reasoning;
  message.content += content;
  (delta.tool_calls ?? []).forEach((part) => takeCall(message.calls, part));
  if (reasoning || content || delta.tool_calls) {
    times.first ||= now;
    times.last = now;
  }
  if (message.reasoning && !times.thought && content) {
    times.thought = now;
    message.thoughtMillis = now - times.first;
  }
  if (choice?.finish_reason) {
    message.end = choice.finish_reason;
  }
  measure(message, chunk.usage, times);
}

function takeCall(calls, part) {
  const call = (calls[part.index ?? 0] ??= { id: '', name: '', arguments: '' });
  call.id = part.id ?? call.id;
  call.name += part.function?.name ?? '';
  call.arguments += part.function?.arguments ?? '';
}

function measure(message, usage, times) {
  if (!times.first) {
    return;
  }
  const tokens = usage?.completion_tokens ?? message.stats?.tokens ?? 0;
  const took = times.last - times.first;
  message.stats = {
    tokens,
    firstMillis: times.first - times.start,
    // The first token's time is the prompt's.
    rate: tokens > 1 && took > MIN_MEASURED_MILLIS ? ((tokens - 1) * 1000) / took : 0,
  };
}
