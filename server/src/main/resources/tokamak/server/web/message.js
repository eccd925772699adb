import { copyButton, el } from './dom.js';
import { show } from './markdown.js';

/** What is shown of one message; {@code update()} after the message has changed. */
export class UserView {
  constructor(message) {
    this.element = el('article', { class: 'message user', 'aria-label': 'You' },
      el('div', { class: 'bubble' }, message.content),
      el('footer', {}, copyButton(() => message.content, 'your message')));
  }
}

export class AssistantView {
  #message;
  #actions;
  #reasoning;
  #content;
  #calls;
  #footer;
  #stats;
  #frame = 0;

  /** @param actions {@code retry()}, and {@code answer(message)} once all tool calls have results */
  constructor(message, actions) {
    this.#message = message;
    this.#actions = actions;
    const thought = el('div', { class: 'text' });
    this.#reasoning = el('details', { class: 'reasoning', hidden: true }, el('summary', {}), thought);
    this.#reasoning.addEventListener('toggle', () => this.#draw());
    this.#content = el('div', { class: 'text' });
    this.#calls = el('div', { class: 'calls' });
    this.#stats = el('span', { class: 'stats' });
    const retry = el('button', { type: 'button', class: 'quiet retry' }, 'Retry');
    retry.addEventListener('click', () => this.#actions.retry());
    this.#footer = el('footer', {}, this.#stats, copyButton(() => message.content, 'answer'), retry);
    this.element = el('article', { class: 'message assistant', 'aria-label': 'Model' },
      this.#reasoning, this.#content, this.#calls, this.#footer);
    this.#draw();
  }

  /** Shows what has changed, at the next frame. */
  update() {
    if (!this.#frame) {
      this.#frame = requestAnimationFrame(() => this.flush());
    }
  }

  flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#draw();
    this.element.dispatchEvent(new CustomEvent('drawn', { bubbles: true }));
  }

  #draw() {
    const message = this.#message;
    this.element.setAttribute('aria-busy', String(Boolean(message.running)));
    this.element.classList.toggle('running', Boolean(message.running));
    this.element.classList.toggle('silent', !message.content && !message.reasoning && !message.calls?.length);
    this.#drawReasoning();
    show(this.#content, message.content);
    this.#drawCalls();
    this.#stats.textContent = summary(message);
    this.#footer.hidden = Boolean(message.running) && !message.stats;
  }

  #drawReasoning() {
    const { reasoning, content, running, thoughtMillis } = this.#message;
    this.#reasoning.hidden = !reasoning;
    if (reasoning) {
      const thinks = running && !content;
      this.#reasoning.firstChild.textContent = thinks
        ? 'Thinking'
        : thoughtMillis ? `Thought for ${seconds(thoughtMillis)}` : 'Thoughts';
      this.#reasoning.classList.toggle('thinks', Boolean(thinks));
      if (this.#reasoning.open) {
        show(this.#reasoning.lastChild, reasoning);
      }
    }
  }

  #drawCalls() {
    const calls = this.#message.calls ?? [];
    while (this.#calls.children.length < calls.length) {
      const call = calls[this.#calls.children.length];
      this.#calls.append(el('section', { class: 'call' }, el('h3', {}), el('pre', { tabindex: 0 }, el('code')), this.#resultField(call)));
    }
    calls.forEach((call, i) => {
      const [title, block, field] = this.#calls.children[i].children;
      title.textContent = call.name || 'tool';
      block.firstChild.textContent = indented(call.arguments);
      field.hidden = Boolean(this.#message.running);
    });
  }

  /** Tools live outside of this page: whoever reads the call types or pastes what the tool says. */
  #resultField(call) {
    const area = el('textarea', { rows: 2, placeholder: 'What the tool returns', 'aria-label': 'Result of the tool call' });
    area.value = call.result ?? '';
    area.readOnly = call.result !== undefined;
    const button = el('button', { type: 'button', class: 'plain' }, 'Give result');
    button.hidden = call.result !== undefined;
    button.addEventListener('click', () => {
      call.result = area.value;
      area.readOnly = true;
      button.hidden = true;
      this.#actions.answer(this.#message);
    });
    return el('div', { class: 'result' }, area, button);
  }
}

function indented(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

const seconds = (millis) => millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`;

const ENDS = { length: 'cut at the longest length', abort: 'aborted by the server', stopped: 'stopped', repetition: 'stopped repeating itself' };

function summary({ stats, end }) {
  const parts = [];
  if (stats?.rate) {
    parts.push(`${stats.rate < 100 ? stats.rate.toFixed(1) : Math.round(stats.rate)} tokens/s`);
  }
  if (stats?.firstMillis !== undefined) {
    parts.push(`first after ${seconds(stats.firstMillis)}`);
  }
  if (stats?.tokens) {
    parts.push(`${stats.tokens} ${stats.tokens === 1 ? 'token' : 'tokens'}`);
  }
  if (ENDS[end]) {
    parts.push(ENDS[end]);
  }
  return parts.join(' \u00b7 ');
}
