// Many requests at once through llama.cpp's batching (as packaged for Node; its server is not in the package); started by
// serve.mjs. Every sequence has a prompt of its own, all are sent together, tokens are chosen greedily. With a limit of
// seconds it stops there: what had not come by then would have taken longer, so the rate it reports is more than it has.
import {getLlama} from "node-llama-cpp";

const {file, input, output, requests, threads, limit} = JSON.parse(process.argv[2]);
const llama = await getLlama({gpu: false, maxThreads: threads, build: "never", logLevel: "error"});
const model = await llama.loadModel({modelPath: file, gpuLayers: 0});
const context = await model.createContext({
    contextSize: input + output + 16, sequences: requests, batchSize: 512, threads, failedCreationRemedy: false
});
const sequences = Array.from({length: requests}, () => context.getSequence());

function prompt(seed, count) {
    let state = seed * 2654435761 >>> 0;
    return Array.from({length: count}, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return 100 + state % 100000;
    });
}

async function serve(sequence, seed, inputTokens, outputTokens, times) {
    await sequence.clearHistory();
    times.push(performance.now());
    for await (const _ of sequence.evaluate(prompt(seed, inputTokens), {temperature: 0, yieldEogToken: true})) {
        times.push(performance.now());
        if (times.length > outputTokens) {
            break;
        }
    }
}

await Promise.all(sequences.slice(0, 4).map((sequence, i) => serve(sequence, 1000 + i, 24, 24, []))); // warm-up
const times = sequences.map(() => []);
const start = performance.now();
const elapsed = () => (performance.now() - start) / 1000;
const generated = () => times.reduce((sum, t) => sum + Math.max(0, t.length - 1), 0);
const progress = setInterval(() => console.error(`llama.cpp after ${elapsed().toFixed(0)} s: `
    + `${times.filter(t => t.length > 1).length} prompts and ${generated()} of ${requests * output} tokens`), 10_000);
const all = Promise.all(sequences.map((sequence, i) => serve(sequence, 1 + i, input, output, times[i])));
let ended = true;
if (limit > 0) {
    const late = new Promise(resolve => setTimeout(resolve, 1000 * limit, "late"));
    ended = await Promise.race([all, late]) !== "late";
} else {
    await all;
}
clearInterval(progress);
const seconds = elapsed();

function percentile(values, share) {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

const first = times.map(t => ((t[1] ?? performance.now()) - t[0]) / 1000);
const between = times.flatMap(t => t.slice(2).map((at, i) => (at - t[i + 1]) / 1000));
process.send({
    seconds, outputPerSecond: requests * output / seconds, generated: generated(), ended,
    firstP50: percentile(first, 0.5), firstP99: percentile(first, 0.99),
    betweenP50: percentile(between, 0.5) ?? null, betweenP99: percentile(between, 0.99) ?? null
}, () => process.exit(0));
