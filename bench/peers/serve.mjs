#!/usr/bin/env node
// Sends the same load to llama.cpp (as packaged for Node) and to Tokamak in alternation and prints the ratios.
//
//   npm install                      in this folder, once
//   node serve.mjs --shape qwen3-0.6b --format Q4_0 [--requests 16] [--input 512] [--output 256] [--rounds 2] [--threads 2]
//                 [--limit SECONDS: llama.cpp is stopped then, and taken to be as fast as if it had come to its end just there]
//   node serve.mjs --model FILE.gguf ...                  [--max-slowdown X: passed to tokamak bench --serve-like]
import {alternate, modelName, readArguments, show} from "./rounds.mjs";

const args = readArguments({requests: 16, input: 512, output: 256, rounds: 2, threads: 2, limit: 0, format: "Q4_0"});

function figures(report) {
    return {
        seconds: report.seconds, outputPerSecond: report.output_tokens_per_second,
        firstP50: report.all.time_to_first.p50, firstP99: report.all.time_to_first.p99,
        betweenP50: report.all.between_tokens.p50, betweenP99: report.all.between_tokens.p99
    };
}

const options = [
    "--serve-like", "--num-requests", args.requests, "--input-len", args.input, "--output-len", args.output,
    "--max-model-len", args.input + args.output + 16, "--threads", args.threads, "--json",
    ...("max-slowdown" in args ? ["--max-slowdown", args["max-slowdown"]] : [])
];
const rounds = await alternate(args, "llama-serve.mjs", options, figures);
console.log(`${modelName(args)}, ${args.requests} requests of ${args.input} + ${args.output} tokens at once, `
    + `${args.threads} threads, medians of ${args.rounds} rounds`);
for (const {llama} of rounds.filter(round => !round.llama.ended)) {
    console.log(`llama.cpp was stopped at ${llama.generated} of ${args.requests * args.output} tokens: it takes longer, `
        + "and its rate is less, than these lines say");
}
for (const figure of ["seconds", "outputPerSecond", "firstP50", "firstP99", "betweenP50", "betweenP99"]) {
    show(rounds, figure, figure, 3);
}
