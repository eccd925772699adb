#!/usr/bin/env node
// Sends the same load to llama.cpp (as packaged for Node) and to Tokamak in alternation and prints the ratios.
//
//   npm install                      in this folder, once
//   node serve.mjs --shape qwen3-0.6b --format Q4_0 [--requests 16] [--input 512] [--output 256] [--rounds 2] [--threads 2]
//   node serve.mjs --model FILE.gguf ...                  [--max-slowdown X: passed to tokamak bench --serve-like]
import {execFileSync, fork} from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import {fileURLToPath} from "node:url";
import {writeModel} from "./synthetic.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const args = {requests: 16, input: 512, output: 256, rounds: 2, threads: 2, format: "Q4_0"};
for (let i = 2; i < process.argv.length; i += 2) {
    args[process.argv[i].replace(/^-+/, "")] = process.argv[i + 1];
}
for (const key of ["requests", "input", "output", "rounds", "threads"]) {
    args[key] = Number(args[key]);
}

function modelFile() {
    if (args.model) {
        return args.model;
    }
    const file = path.join(os.tmpdir(), `peers-${args.shape}-${args.format}.gguf`);
    if (!fs.existsSync(file)) {
        console.error(`writing ${file} ...`);
        writeModel(args.shape, args.format, file);
    }
    return file;
}

// A process of its own for each round: neither side holds memory while the other runs.
function llama(file) {
    return new Promise((resolve, reject) => {
        const child = fork(path.join(here, "llama-serve.mjs"), [JSON.stringify({...args, file})], {stdio: ["ignore", "ignore", "inherit", "ipc"]});
        let result;
        child.on("message", message => { result = message; });
        child.on("exit", code => code === 0 && result ? resolve(result) : reject(new Error("llama.cpp ended with " + code)));
    });
}

function tokamak(file) {
    const launcher = process.env.TOKAMAK ?? path.join(here, "..", "..", "tokamak");
    const out = execFileSync(launcher, [
        "bench", file, "--serve-like", "--num-requests", args.requests, "--input-len", args.input, "--output-len", args.output,
        "--max-model-len", args.input + args.output + 16, "--threads", args.threads, "--json",
        ...("max-slowdown" in args ? ["--max-slowdown", args["max-slowdown"]] : [])
    ].map(String), {stdio: ["ignore", "pipe", "inherit"]});
    const report = JSON.parse(out);
    return {
        seconds: report.seconds, outputPerSecond: report.output_tokens_per_second,
        firstP50: report.all.time_to_first.p50, firstP99: report.all.time_to_first.p99,
        betweenP50: report.all.between_tokens.p50, betweenP99: report.all.between_tokens.p99
    };
}

function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
}

const file = modelFile();
const rounds = [];
for (let i = 0; i < args.rounds; i++) {
    const round = {llama: await llama(file), tokamak: tokamak(file)};
    rounds.push(round);
    console.error(`round ${i + 1}: ` + JSON.stringify(round));
}
console.log(`${args.model ? path.basename(args.model) : args.shape + " " + args.format}, ${args.requests} requests of `
    + `${args.input} + ${args.output} tokens at once, ${args.threads} threads, medians of ${args.rounds} rounds`);
for (const key of ["seconds", "outputPerSecond", "firstP50", "firstP99", "betweenP50", "betweenP99"]) {
    const theirs = median(rounds.map(round => round.llama[key]));
    const ours = median(rounds.map(round => round.tokamak[key]));
    const ratio = median(rounds.map(round => round.tokamak[key] / round.llama[key]));
    console.log(`${key.padEnd(16)} llama.cpp ${theirs.toFixed(3).padStart(9)}   tokamak ${ours.toFixed(3).padStart(9)}   ratio ${ratio.toFixed(2)}`);
}
