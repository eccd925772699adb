// One measurement of llama.cpp; started by compare.mjs.
import {getLlama} from "node-llama-cpp";

const {file, p, n, parallel, depth, threads} = JSON.parse(process.argv[2]);
const llama = await getLlama({gpu: false, maxThreads: threads, build: "never", logLevel: "error"});
const model = await llama.loadModel({modelPath: file, gpuLayers: 0});
const context = await model.createContext({
    contextSize: Math.max(p, depth) + n + 64, sequences: parallel, batchSize: 512, threads, failedCreationRemedy: false
});
const sequences = Array.from({length: parallel}, () => context.getSequence());
const tokens = count => Array.from({length: count}, (_, i) => 100 + i % 1000);

// Seconds to the first token of a prompt, and seconds for the tokens after it.
async function evaluate(sequence, promptLength, generated) {
    await sequence.clearHistory();
    let start = performance.now();
    let first;
    let count = 0;
    for await (const _ of sequence.evaluate(tokens(promptLength), {temperature: 0, yieldEogToken: true})) {
        if (count === 0) {
            first = performance.now() - start;
            start = performance.now();
        }
        if (count++ === generated) {
            break;
        }
    }
    return {first: first / 1000, rest: (performance.now() - start) / 1000};
}

await evaluate(sequences[0], 32, 4); // warm-up
const prompt = p > 0 ? await evaluate(sequences[0], p, 0) : {first: NaN};
const start = performance.now();
let generate;
if (n === 0) {
    generate = NaN;
} else if (parallel === 1) {
    generate = n / (await evaluate(sequences[0], Math.max(2, depth), n)).rest;
} else {
    await Promise.all(sequences.map(sequence => evaluate(sequence, 2, n)));
    generate = parallel * n / ((performance.now() - start) / 1000);
}
process.send({prompt: p / prompt.first, generate}, () => process.exit(0));
