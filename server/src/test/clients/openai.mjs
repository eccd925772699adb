// node openai.mjs TASK URL [KEY]: OpenAI's own client for Node against a server whose model says the alphabet.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const [task, url, key] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key ?? 'none', maxRetries: 0, timeout: 30000 });
const hi = { model: 'abc', temperature: 0, max_tokens: 3, messages: [{ role: 'user', content: 'hi' }] };

async function rejects(promise, kind, check = () => {}) {
  const error = await promise.then(() => assert.fail(`expected ${kind.name}`), (e) => e);
  assert.ok(error instanceof kind, `expected ${kind.name}, found ${error}`);
  check(error);
}

const tasks = {
  async talk() {
    const whole = await client.chat.completions.create(hi);
    assert.equal(whole.choices[0].message.content, 'bcd');
    assert.equal(whole.choices[0].finish_reason, 'length');
    assert.deepEqual([whole.usage.prompt_tokens, whole.usage.completion_tokens], [9, 3]);

    let text = '';
    let usage = null;
    for await (const chunk of await client.chat.completions.create({ ...hi, stream: true, stream_options: { include_usage: true } })) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, 'bcd');
    assert.equal(usage.total_tokens, 12);

    const helper = client.chat.completions.stream({ ...hi, n: 2, logprobs: true, top_logprobs: 2 });
    const final = await helper.finalChatCompletion();
    assert.deepEqual(final.choices.map((choice) => choice.message.content), ['bcd', 'bcd']);
    assert.equal(final.choices[1].logprobs.content.length, 3);

    const completion = await client.completions.create({ model: 'abc', prompt: ['a', 'm'], max_tokens: 2, temperature: 0, echo: true });
    assert.deepEqual(completion.choices.map((choice) => choice.text), ['abc', 'mno']);

    // The client asks for base64 and gives numbers.
    const embeddings = await client.embeddings.create({ model: 'abc', input: ['a', 'bb'], dimensions: 3 });
    assert.equal(embeddings.data[1].embedding.length, 3);
    assert.ok(Math.abs(Math.hypot(...embeddings.data[1].embedding) - 1) < 1e-6);

    const names = [];
    for await (const model of client.models.list()) {
      names.push(model.id);
    }
    assert.deepEqual(names, ['abc', 'org/alias']);
    assert.equal((await client.models.retrieve('org/alias')).id, 'org/alias');
  },

  async responses() {
    const first = await client.responses.create({ model: 'abc', input: 'hi', temperature: 0, max_output_tokens: 3 });
    assert.deepEqual([first.output_text, first.status, first.incomplete_details.reason], ['bcd', 'incomplete', 'max_output_tokens']);
    const next = { model: 'abc', input: 'on', temperature: 0, previous_response_id: first.id };
    const second = await client.responses.create(next);
    assert.equal(second.output_text, 'bcdefghijklmnopqrstuvwxyz');
    assert.equal(second.usage.input_tokens, 'user:hi;assistant:bcd;user:on;a'.length);
    assert.deepEqual((await client.responses.retrieve(second.id)).output, second.output);

    let text = '';
    const types = new Set();
    for await (const event of await client.responses.create({ ...next, stream: true })) {
      types.add(event.type);
      text += event.type === 'response.output_text.delta' ? event.delta : '';
    }
    assert.equal(text, second.output_text);
    assert.ok(types.has('response.created') && types.has('response.completed'));
    // The client's own helper puts events together and complains about what does not fit.
    const final = await client.responses.stream(next).finalResponse();
    assert.equal(final.output_text, second.output_text);

    const background = await client.responses.create({ ...next, background: true });
    assert.ok(['cancelled', 'completed'].includes((await client.responses.cancel(background.id)).status));
    await client.responses.delete(first.id);
    await rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
    await rejects(client.responses.create({ ...next, previous_response_id: 'resp_0' }), OpenAI.NotFoundError,
      (e) => assert.equal(e.param, 'previous_response_id'));
  },

  // The model says anything, so calls are forced, and thoughts are not let begin.
  async tools() {
    const parameters = { type: 'object', properties: { days: { type: 'integer', minimum: 1, maximum: 7 } }, required: ['days'], additionalProperties: false };
    const limits = { model: 'abc', temperature: 1.5, seed: 3, thinking_token_budget: 0 };
    const check = (json) => assert.ok(JSON.parse(json).days >= 1 && JSON.parse(json).days <= 7, json);

    const chat = { ...limits, max_tokens: 1000, messages: [{ role: 'user', content: 'hi' }],
      tools: [{ type: 'function', function: { name: 'weather', strict: true, parameters } }],
      tool_choice: { type: 'function', function: { name: 'weather' } } };
    const whole = (await client.chat.completions.create(chat)).choices[0];
    assert.equal(whole.finish_reason, 'tool_calls');
    check(whole.message.tool_calls[0].function.arguments);
    const streamed = await client.chat.completions.stream(chat).finalChatCompletion();
    check(streamed.choices[0].message.tool_calls[0].function.arguments);
    const answer = await client.chat.completions.create({ ...chat, tool_choice: 'none', max_tokens: 5,
      messages: [...chat.messages, whole.message, { role: 'tool', tool_call_id: whole.message.tool_calls[0].id, content: 'rain' }] });
    assert.equal(answer.choices[0].message.tool_calls, undefined);

    const responses = { ...limits, max_output_tokens: 1000, input: 'hi',
      tools: [{ type: 'function', name: 'weather', strict: true, parameters }], tool_choice: { type: 'function', name: 'weather' } };
    const response = await client.responses.stream(responses).finalResponse();
    const call = response.output.find((item) => item.type === 'function_call');
    check(call.arguments);
    const next = await client.responses.create({ ...limits, max_output_tokens: 5, previous_response_id: response.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: 'rain' }] });
    assert.equal(next.previous_response_id, response.id);
  },

  async errors() {
    await rejects(client.chat.completions.create({ ...hi, model: 'nobody' }), OpenAI.NotFoundError,
      (e) => assert.deepEqual([e.status, e.code, e.param, e.type], [404, 'model_not_found', 'model', 'invalid_request_error']));
    await rejects(client.chat.completions.create({ ...hi, temperature: -1 }), OpenAI.BadRequestError, (e) => assert.equal(e.param, 'temperature'));
    await rejects(client.chat.completions.create({ ...hi, max_tokens: 100000 }), OpenAI.BadRequestError, (e) => assert.equal(e.code, 'context_length_exceeded'));
    await rejects(client.chat.completions.create({ ...hi, stream: true, temperature: -1 }), OpenAI.BadRequestError);
    await rejects(client.completions.create({ model: 'abc', prompt: '!', max_tokens: 2 }), OpenAI.InternalServerError, (e) => assert.ok(e.requestID));
    // It fails at the fourth token, when the answer has begun.
    const stream = await client.chat.completions.create({ ...hi, stream: true, messages: [{ role: 'user', content: '!' }] }).catch((e) => e);
    assert.ok(stream instanceof OpenAI.APIError, `expected an APIError, found ${stream}`);
  },

  async unauthorized() {
    await rejects(client.models.list(), OpenAI.AuthenticationError, (e) => assert.equal(e.code, 'invalid_api_key'));
  },

  // The key may be used twice a minute.
  async limited() {
    await client.chat.completions.create(hi);
    await client.chat.completions.create(hi);
    await rejects(client.chat.completions.create(hi), OpenAI.RateLimitError, (e) => {
      assert.equal(e.code, 'rate_limit_exceeded');
      assert.ok(Number(e.headers.get('retry-after')) >= 1);
    });
  },

  // The queue is full until the client has been refused once.
  async retry() {
    const answer = await client.chat.completions.create(hi, { maxRetries: 5 });
    assert.equal(answer.choices[0].message.content, 'bcd');
  },

  // Digits go on for ever.
  async abort() {
    const endless = { ...hi, max_tokens: 1500, messages: [{ role: 'user', content: 'hi' }], chat_template_kwargs: { start: '0' } };
    const stream = await client.chat.completions.create({ ...endless, stream: true });
    let count = 0;
    for await (const _ of stream) {
      if (++count === 5) {
        break;
      }
    }
    assert.ok(stream.controller.signal.aborted);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    await rejects(client.chat.completions.create(endless, { signal: controller.signal }), OpenAI.APIUserAbortError);
  },
};

await tasks[task]();
