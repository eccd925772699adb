#!/usr/bin/env node
// Runs one model file through llama.cpp (as packaged for Node) and through Tokamak in alternation and prints the ratios.
//
//   npm install                      in this folder, once
//   node compare.mjs --shape qwen3-0.6b --format Q4_0 [-p 512] [-n 64] [--parallel 16] [--depth 4096] [--rounds 3]
//                    [--threads 2]
//   node compare.mjs --model FILE.gguf ...
//
// -p 0 or -n 0 leaves that test out. TOKAMAK names another launcher than the one of this tree.
import {execFileSync, fork} from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import {fileURLToPath} from "node:url";
import {writeModel} from "./synthetic.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const args = {p: 512, n: 64, parallel: 1, depth: 0, rounds: 3, threads: 2, format: "Q8_0"};
for (let i = 2; i < process.argv.length; i += 2) {
    args[process.argv[i].replace(/^-+/, "")] = process.argv[i + 1];
}
for (const key of ["p", "n", "parallel", "depth", "rounds", "threads"]) {
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

// A process of its own for each round, as the other side has, so that neither holds memory while the other runs.
function llama(file) {
    return new Promise((resolve, reject) => {
        const child = fork(path.join(here, "llama.mjs"), [JSON.stringify({...args, file})], {stdio: ["ignore", "ignore", "inherit", "ipc"]});
        let result;
        child.on("message", message => { result = message; });
        child.on("exit", code => code === 0 && result ? resolve(result) : reject(new Error("llama.cpp ended with " + code)));
    });
}

function tokamak(file) {
    const launcher = process.env.TOKAMAK ?? path.join(here, "..", "..", "tokamak");
    const out = execFileSync(launcher, [
        "bench", file, "-p", args.p, "-n", args.n, "--threads", args.threads, "--parallel", args.parallel,
        "--depth", args.depth, "-r", 1, "--json"
    ].map(String), {stdio: ["ignore", "pipe", "inherit"]});
    const rows = JSON.parse(out).rows;
    const speed = test => rows.find(row => row.test.startsWith(test))?.tokens_per_second;
    return {prompt: speed("pp"), generate: speed("tg")};
}

function generateLabel() {
    return `tg${args.n}` + (args.depth > 0 ? `@d${args.depth}` : "") + (args.parallel > 1 ? `x${args.parallel}` : "");
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
const name = args.model ? path.basename(args.model) : `${args.shape} ${args.format}`;
console.log(`${name}, ${args.threads} threads, medians of ${args.rounds} rounds, tokens/s`);
const tests = [["prompt", `pp${args.p}`, args.p], ["generate", generateLabel(), args.n]];
for (const [test, label] of tests.filter(([, , tokens]) => tokens > 0)) {
    const theirs = median(rounds.map(round => round.llama[test]));
    const ours = median(rounds.map(round => round.tokamak[test]));
    const ratio = median(rounds.map(round => round.tokamak[test] / round.llama[test]));
    console.log(`${label.padEnd(10)} llama.cpp ${theirs.toFixed(1).padStart(8)}   tokamak ${ours.toFixed(1).padStart(8)}   ratio ${ratio.toFixed(2)}`);
}
