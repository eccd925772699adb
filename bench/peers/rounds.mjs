// What the comparisons share: arguments, the model's file, and both sides in alternation.
import {execFileSync, fork} from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import {fileURLToPath} from "node:url";
import {writeModel} from "./synthetic.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

/** The command line over the defaults; what is a number there is read as one. */
export function readArguments(defaults) {
    const args = {...defaults};
    for (let i = 2; i < process.argv.length; i += 2) {
        const key = process.argv[i].replace(/^-+/, "");
        args[key] = typeof defaults[key] === "number" ? Number(process.argv[i + 1]) : process.argv[i + 1];
    }
    return args;
}

export function modelName(args) {
    return args.model ? path.basename(args.model) : `${args.shape} ${args.format}`;
}

function modelFile(args) {
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
function llama(script, args, file) {
    return new Promise((resolve, reject) => {
        const child = fork(path.join(here, script), [JSON.stringify({...args, file})], {stdio: ["ignore", "ignore", "inherit", "ipc"]});
        let result;
        child.on("message", message => { result = message; });
        child.on("exit", code => code === 0 && result ? resolve(result) : reject(new Error("llama.cpp ended with " + code)));
    });
}

function tokamak(file, options) {
    const launcher = process.env.TOKAMAK ?? path.join(here, "..", "..", "tokamak");
    const out = execFileSync(launcher, ["bench", file, ...options].map(String), {stdio: ["ignore", "pipe", "inherit"]});
    return JSON.parse(out);
}

/**
 * Runs args.rounds rounds.
 *
 * @param script runs llama.cpp and sends its figures
 * @param options of tokamak bench
 * @param figures of its report, under the names that the script uses
 */
export async function alternate(args, script, options, figures) {
    const file = modelFile(args);
    const rounds = [];
    for (let i = 0; i < args.rounds; i++) {
        console.error(`round ${i + 1}: tokamak ...`);
        const ours = figures(tokamak(file, options));
        console.error(JSON.stringify(ours) + "; llama.cpp ...");
        const round = {llama: await llama(script, args, file), tokamak: ours};
        rounds.push(round);
        console.error(`round ${i + 1}: ` + JSON.stringify(round));
    }
    return rounds;
}

function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A line with the medians of one figure and of its ratio, if llama.cpp came as far as having it. */
export function show(rounds, figure, label, digits) {
    if (rounds.some(round => round.llama[figure] === null)) {
        return;
    }
    const theirs = median(rounds.map(round => round.llama[figure]));
    const ours = median(rounds.map(round => round.tokamak[figure]));
    const ratio = median(rounds.map(round => round.tokamak[figure] / round.llama[figure]));
    console.log(`${label.padEnd(16)} llama.cpp ${theirs.toFixed(digits).padStart(9)}   tokamak ${ours.toFixed(digits).padStart(9)}   ratio ${ratio.toFixed(2)}`);
}
