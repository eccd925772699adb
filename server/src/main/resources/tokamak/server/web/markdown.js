import { copyButton, el } from './dom.js';

// Markdown as models write it, made into elements one by one: text never becomes markup. HTML in it is shown as it is.

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(?:\s+(.*))?$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const MAX_DEPTH = 12;

/** Shows text in a container; blocks that have not changed since the last call stay as they are. */
export function show(container, text) {
  const blocks = split(text.split('\n'));
  blocks.forEach((block, i) => {
    const source = block.join('\n');
    const old = container.children[i];
    if (old && old.markdownSource === source) {
      return;
    }
    const fresh = render(block, 0);
    fresh.markdownSource = source;
    if (old) {
      old.replaceWith(fresh);
    } else {
      container.append(fresh);
    }
  });
  while (container.children.length > blocks.length) {
    container.lastElementChild.remove();
  }
}

// ---- blocks: lists of lines

function split(lines) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (lines[at].trim() === '') {
      at++;
      continue;
    }
    const end = endOf(lines, at);
    blocks.push(lines.slice(at, end));
    at = end;
  }
  return blocks;
}

function endOf(lines, start) {
  const fence = FENCE.exec(lines[start]);
  if (fence) {
    for (let i = start + 1; i < lines.length; i++) {
      const close = lines[i].trim();
      if (close.length >= fence[1].length && close === fence[1][0].repeat(close.length)) {
        return i + 1;
      }
    }
    return lines.length;
  }
  if (HEADING.test(lines[start]) || RULE.test(lines[start])) {
    return start + 1;
  }
  if (ITEM.test(lines[start])) {
    return endOfList(lines, start);
  }
  const isQuote = QUOTE.test(lines[start]);
  let end = start + 1;
  while (end < lines.length && lines[end].trim() !== '' && (isQuote || !startsBlock(lines[end]))) {
    end++;
  }
  return end;
}

function startsBlock(line) {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line);
}

function endOfList(lines, start) {
  const ordered = isOrdered(ITEM.exec(lines[start]));
  const base = indent(lines[start]);
  let end = start + 1;
  while (end < lines.length) {
    const line = lines[end];
    if (line.trim() === '') {
      // A blank line ends the list unless an item or indented text comes next.
      const next = lines.slice(end).findIndex((l) => l.trim() !== '');
      if (next < 0) {
        return end;
      }
      const after = lines[end + next];
      const item = ITEM.exec(after);
      const goesOn = indent(after) > base || (item && !RULE.test(after) && isOrdered(item) === ordered);
      if (!goesOn) {
        return end;
      }
      end += next;
      continue;
    }
    const item = ITEM.exec(line);
    if (indent(line) <= base && (RULE.test(line) || (item ? isOrdered(item) !== ordered : startsBlock(line)))) {
      return end;
    }
    end++;
  }
  return end;
}

const indent = (line) => line.length - line.trimStart().length;
const isOrdered = (item) => /\d/.test(item[2]);

function render(lines, depth) {
  const fence = FENCE.exec(lines[0]);
  if (fence) {
    return code(lines, fence);
  }
  const heading = HEADING.exec(lines[0]);
  if (heading) {
    // The page's own headings are h1 and h2.
    return inline(el(`h${Math.min(6, heading[1].length + 2)}`), heading[2]);
  }
  if (RULE.test(lines[0])) {
    return el('hr');
  }
  if (ITEM.test(lines[0])) {
    return list(lines, depth);
  }
  if (QUOTE.test(lines[0])) {
    return within(el('blockquote'), lines.map((line) => QUOTE.exec(line)?.[1] ?? line), depth);
  }
  if (lines.length > 1 && lines[0].includes('|') && TABLE_RULE.test(lines[1])) {
    return table(lines);
  }
  return inline(el('p'), lines.join('\n'));
}

function within(parent, lines, depth) {
  if (depth >= MAX_DEPTH) {
    parent.append(lines.join('\n'));
  } else {
    split(lines).forEach((block) => parent.append(render(block, depth + 1)));
  }
  return parent;
}

function code(lines, fence) {
  const closed = lines.length > 1 && lines.at(-1).trim().startsWith(fence[1]) && !/[^`~]/.test(lines.at(-1).trim());
  const text = lines.slice(1, closed ? -1 : undefined).join('\n');
  const language = fence[2].trim().split(/\s/)[0];
  return el('figure', { class: 'code' },
    el('figcaption', {}, el('span', {}, language), copyButton(() => text, 'code')),
    el('pre', { tabindex: 0 }, el('code', {}, text)));
}

function list(lines, depth) {
  const first = ITEM.exec(lines[0]);
  const ordered = isOrdered(first);
  const start = ordered ? parseInt(first[2], 10) : 1;
  const parent = el(ordered ? 'ol' : 'ul', start === 1 ? {} : { start });
  const base = indent(lines[0]);
  const items = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && indent(line) <= base + 1) {
      items.push([item[3] ?? '']);
    } else {
      items.at(-1).push(line);
    }
  }
  for (const item of items) {
    parent.append(listItem(item, depth));
  }
  return parent;
}

function listItem(lines, depth) {
  const rest = lines.slice(1);
  const margin = Math.min(...rest.filter((line) => line.trim() !== '').map(indent));
  const inner = [lines[0], ...rest.map((line) => line.slice(Math.min(margin, indent(line))))];
  const item = el('li');
  const task = /^\[([ xX])\]\s+/.exec(inner[0]);
  if (task) {
    inner[0] = inner[0].slice(task[0].length);
    item.append(el('input', { type: 'checkbox', disabled: true, checked: task[1] !== ' ' }));
  }
  if (depth < MAX_DEPTH) {
    split(inner).forEach((block, i) => {
      const node = render(block, depth + 1);
      // The usual item is one line: no paragraph around it.
      if (i === 0 && node.tagName === 'P') {
        item.append(...node.childNodes);
      } else {
        item.append(node);
      }
    });
  } else {
    item.append(inner.join('\n'));
  }
  return item;
}

function table(lines) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, '').split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
  const aligns = cells(lines[1]).map((rule) =>
    rule.endsWith(':') ? (rule.startsWith(':') ? 'center' : 'right') : null);
  const row = (line, tag) => {
    const values = cells(line);
    return el('tr', {}, ...aligns.map((align, i) => inline(el(tag, align ? { class: align } : {}), values[i] ?? '')));
  };
  return el('div', { class: 'table', tabindex: 0 },
    el('table', {},
      el('thead', {}, row(lines[0], 'th')),
      el('tbody', {}, ...lines.slice(2).map((line) => row(line, 'td')))));
}

// ---- inside a line

// Lengths are bounded so that hostile text costs no more than its length times the bound.

const INLINE = new RegExp([
  /\\([!-/:-@[-`{-~])/,                                            // 1: escaped
  /(`+)(?!`)(.{1,1000}?)(?<!`)\2(?!`)/,                                    // 2, 3: code
  /!?\[([^\]\n]{0,500})\]\(\s*<?([^\s()<>]{1,2000}(?:\([^\s()]{0,200}\))?[^\s()<>]{0,500})>?(?:\s+"[^"\n]{0,500}")?\s*\)/, // 4, 5: link
  /(\*\*|__)(?=\S)(.{1,1000}?)(?<=\S)\6/,                                  // 6, 7: strong
  /~~(?=\S)(.{1,1000}?)(?<=\S)~~/,                                         // 8: struck out
  /\*(?=[^\s*])(.{1,1000}?)(?<=[^\s*])\*(?!\*)/,                           // 9: emphasis
  /(?<!\w)_(?=[^\s_])(.{1,1000}?)(?<=[^\s_])_(?!\w)/,                      // 10: emphasis
  /(https?:\/\/[^\s<>"'`|)\]]{1,2000}[^\s<>"'`|)\].,;:!?])/,        // 11: bare address
].map((pattern) => `(?:${pattern.source})`).join('|'), 'gs');

function inline(parent, text, depth = 0) {
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    plain(parent, text.slice(at, match.index));
    parent.append(span(match, depth));
    at = match.index + match[0].length;
  }
  plain(parent, text.slice(at));
  return parent;
}

function span(match, depth) {
  const [whole, escaped, , codeText, label, target, , strong, struck, starred, underlined, address] = match;
  const nested = (tag, text, attributes = {}) =>
    depth < MAX_DEPTH ? inline(el(tag, attributes), text, depth + 1) : el(tag, attributes, text);
  if (escaped !== undefined) {
    return escaped;
  }
  if (codeText !== undefined) {
    return el('code', {}, codeText.replaceAll('\n', ' ').replace(/^ (.*\S.*) $/, '$1'));
  }
  if (target !== undefined) {
    const link = linkTo(target);
    return link ? nested('a', label || target, link) : whole;
  }
  if (address !== undefined) {
    return el('a', linkTo(address) ?? {}, address);
  }
  if (strong !== undefined) {
    return nested('strong', strong);
  }
  if (struck !== undefined) {
    return nested('s', struck);
  }
  return nested('em', starred ?? underlined);
}

/** Only addresses that can't run anything here. */
function linkTo(target) {
  return /^(https?:\/\/|mailto:)/i.test(target)
    ? { href: target, target: '_blank', rel: 'noopener noreferrer nofollow' }
    : null;
}

function plain(parent, text) {
  const lines = text.split(/(?: {2,}|\\)\n/);
  lines.forEach((line, i) => {
    if (i > 0) {
      parent.append(el('br'));
    }
    if (line !== '') {
      parent.append(line);
    }
  });
}
