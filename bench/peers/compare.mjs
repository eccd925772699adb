#!/usr/bin/env node
// Runs one model file through llama.cpp (as packaged for Node) and through Tokamak in alternation and prints the ratios.
//
//   npm install                      in this folder, once
//   node compare.mjs --shape qwen3-0.6b --format Q4_0 [-p 512] [-n 64] [--parallel 16] [--depth 4096] [--rounds 3]
//                    [--threads 2]
//   node compare.mjs --model FILE.gguf ...
//
// -p 0 or -n 0 leaves that test out. TOKAMAK names another launcher than the one of this tree.
import {alternate, modelName, readArguments, show} from "./rounds.mjs";

const args = readArguments({p: 512, n: 64, parallel: 1, depth: 0, rounds: 3, threads: 2, format: "Q8_0"});

function figures({rows}) {
    const speed = test => rows.find(row => row.test.startsWith(test))?.tokens_per_second;
    return {prompt: speed("pp"), generate: speed("tg")};
}

const options = [
    "-p", args.p, "-n", args.n, "--threads", args.threads, "--parallel", args.parallel, "--depth", args.depth, "-r", 1, "--json"
];
const rounds = await alternate(args, "llama.mjs", options, figures);
console.log(`${modelName(args)}, ${args.threads} threads, medians of ${args.rounds} rounds, tokens/s`);
if (args.p > 0) {
    show(rounds, "prompt", `pp${args.p}`, 1);
}
if (args.n > 0) {
    const depth = args.depth > 0 ? `@d${args.depth}` : "";
    show(rounds, "generate", `tg${args.n}${depth}${args.parallel > 1 ? `x${args.parallel}` : ""}`, 1);
}
