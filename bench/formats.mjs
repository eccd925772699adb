// Prints the rows of docs/formats.md: what number formats cost in bytes and accuracy, and what they bring in speed.
//
//   node bench/formats.mjs speed [FORMAT...]   random weights in the sizes of Qwen3-0.6B, beside BF16
//   node bench/formats.mjs loss  [FORMAT...]   the demo model and, where ../shared/testdata lies, a small Llama, quantised
//
// TOKAMAK names the command to run instead of ./tokamak.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const command = process.env.TOKAMAK ?? join(root, "tokamak");
const [mode, ...wanted] = process.argv.slice(2);

function tokamak(...args) {
  return execFileSync(command, args, { cwd: root, stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 26 }).toString();
}

/** The number of that name, whether it is written in_this or inThatWay. */
function field(object, name) {
  return object[name] ?? object[name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())];
}

function speed(format) {
  const report = JSON.parse(
    tokamak("bench", "--shape", "qwen3-0.6b", "--format", format, "-p", "128", "-n", "32", "-r", "1", "--json"));
  const [prompt, generated] = report.rows.map(row => field(row, "tokens_per_second"));
  return { prompt, generated, bytes: report.model.bytes / report.model.parameters };
}

function speeds() {
  const formats = wanted.length ? wanted : ["F32", "F16", "Q8_0", "Q6_K", "Q5_K", "Q4_K_M", "Q5_0", "Q4_0", "MXFP4",
    "U4_G128", "I4_G128", "I8_G128", "F8_G128", "NF4_G64"];
  const base = speed("BF16");
  console.log(`| BF16 | ${base.bytes.toFixed(2)} | ${base.prompt.toFixed(0)} (1) | ${base.generated.toFixed(1)} (1) |`);
  for (const format of formats) {
    const found = speed(format);
    console.log(`| ${format} | ${found.bytes.toFixed(2)} | ${found.prompt.toFixed(0)} (${
      (found.prompt / base.prompt).toFixed(2)}) | ${found.generated.toFixed(1)} (${
      (found.generated / base.generated).toFixed(2)}) |`);
  }
}

function loss(model, reference, text, context) {
  const report = JSON.parse(
    tokamak("perplexity", model, "--file", text, "--reference", reference, "--ctx-size", String(context), "--json"));
  const comparison = report.comparison;
  const change = 100 * (report.perplexity / field(comparison, "reference_perplexity") - 1);
  return `${change >= 0 ? "+" : ""}${change.toFixed(2)} % | ${comparison.divergence.toFixed(5)} | ${
    (100 * field(comparison, "same_best")).toFixed(1)} %`;
}

function losses() {
  const work = mkdtempSync(join(tmpdir(), "tokamak-formats-"));
  try {
    const demo = join(root, "models", "tokamak-demo.gguf");
    const demoText = join(work, "demo.txt");
    const dialogues = JSON.parse(readFileSync(join(root, "demo-model", "held-out.json")));
    writeFileSync(demoText, dialogues.map(d => d.messages.map(m => m.content ?? "").join("\n")).join("\n"));
    const models = join(root, "..", "shared", "testdata", "models");
    const stories = join(models, "stories260K-wide-bf16");
    const storyText = join(work, "stories.txt");
    const hasStories = existsSync(stories);
    if (hasStories) {
      const golden = JSON.parse(readFileSync(stories + ".expected.json"));
      writeFileSync(storyText, golden.map(g => g.text + g.greedy_text).join("\n"));
    }
    const formats = wanted.length ? wanted : ["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q5_0", "Q4_0", "MXFP4", "awq", "w4a16",
      "w8a8", "fp8", "fp8-channel", "gptq"];
    for (const format of formats) {
      const isFolder = format === format.toLowerCase();
      let target = join(work, "model-" + format);
      let ofDemo = "- | - | -";
      if (!isFolder) {
        tokamak("quantize", demo, target, "--format", format, "--force");
        ofDemo = loss(target, demo, demoText, 512);
      }
      let ofStories = "- | - | -";
      if (hasStories) {
        if (format === "gptq") {
          target = join(models, "stories260K-wide-gptq");
        } else {
          tokamak("quantize", stories, target, "--format", format, "--force");
        }
        ofStories = loss(target, stories, storyText, 256);
      }
      console.log(`| ${format} | ${ofDemo} | ${ofStories} |`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (mode === "speed") {
  speeds();
} else if (mode === "loss") {
  losses();
} else {
  console.error("expected 'speed' or 'loss'");
  process.exit(2);
}
