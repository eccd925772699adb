package tokamak.model;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Backend;
import tokamak.backend.Buffer;
import tokamak.backend.Embedding;
import tokamak.backend.KvCache;
import tokamak.backend.Norm;
import tokamak.backend.Rope;
import tokamak.backend.StepInput;

/** The one forward pass of all families. Read {@link #forward} from top to bottom. */
final class Decoder {
    private final ModelConfig config;
    private final Backend backend;
    private final KvCache kvCache;
    private final Workspace ws;
    private final Embedding tokenEmbedding;
    private final @Nullable Embedding positionEmbedding;
    private final List<Block> blocks;
    private final @Nullable Norm outputNorm;
    private final Linear output;
    private LinearInput.@Nullable Observer observer;

    Decoder(
            ModelConfig config,
            Backend backend,
            KvCache kvCache,
            Workspace workspace,
            Embedding tokenEmbedding,
            @Nullable Embedding positionEmbedding,
            List<Block> blocks,
            @Nullable Norm outputNorm,
            Linear output) {
        this.config = config;
        this.backend = backend;
        this.kvCache = kvCache;
        this.ws = workspace;
        this.tokenEmbedding = tokenEmbedding;
        this.positionEmbedding = positionEmbedding;
        this.blocks = List.copyOf(blocks);
        this.outputNorm = outputNorm;
        this.output = output;
    }

    void observe(LinearInput.Observer who) {
        observer = who;
    }

    /** Logits {@code [numLogitRows, vocabSize]} of the step, valid until the next one. */
    MemorySegment forward(StepInput input) {
        int numTokens = input.numTokens();
        float residual = config.scales().residual();

        // Every token becomes a vector; models without rotation are told the position here.
        backend.embed(tokenEmbedding, input, config.scales().embedding(), ws.x);
        if (positionEmbedding != null) {
            backend.addPositions(positionEmbedding, input, ws.x);
        }
        for (Rope rope : ws.ropes()) {
            backend.ropeAngles(rope, input, ws.angles(rope));
        }

        for (int i = 0; i < blocks.size(); i++) {
            Block block = blocks.get(i);

            // Tokens look at each other.
            Buffer mixerInput = normed(block.mixerNorm(), numTokens, ws.x, ws.normed);
            switch (block.mixer()) {
                case Mixer.Attention attention -> attend(attention, i, input, mixerInput, ws.mixed);
            }
            normInPlace(block.mixerPostNorm(), numTokens, ws.mixed);
            if (config.wiring() == ModelConfig.Wiring.SEQUENTIAL) {
                backend.addScaled(numTokens, ws.x, ws.mixed, residual);
            }

            // Each token thinks by itself; in parallel blocks without a norm of its own, about what the mixer saw.
            Buffer feedInput = config.wiring() == ModelConfig.Wiring.PARALLEL && block.ffnNorm() == null
                    ? mixerInput
                    : normed(block.ffnNorm(), numTokens, ws.x, ws.normed);
            show(i, LinearInput.FEED, numTokens, feedInput);
            switch (block.feedForward()) {
                case FeedForward.GatedMlp mlp -> feed(mlp, i, LinearInput.FEED_DOWN, numTokens, feedInput, ws.fed);
                case FeedForward.Mlp mlp -> feed(mlp, i, numTokens, feedInput, ws.fed);
                case FeedForward.MixtureOfExperts moe -> feed(moe, i, numTokens, feedInput, ws.fed);
            }
            normInPlace(block.ffnPostNorm(), numTokens, ws.fed);
            if (config.wiring() == ModelConfig.Wiring.PARALLEL) {
                backend.addScaled(numTokens, ws.x, ws.mixed, residual);
            }
            backend.addScaled(numTokens, ws.x, ws.fed, residual);
        }

        // What texts mean is asked for as it is; nobody needs this buffer any more.
        if (input.numStateRows() > 0) {
            backend.gatherStateRows(input, ws.x, ws.normed);
            normInPlace(outputNorm, input.numStateRows(), ws.normed);
        }

        // Only rows whose next token is asked for are compared with the vocabulary.
        int numRows = input.numLogitRows();
        backend.gatherLogitRows(input, ws.x, ws.lastRows);
        normInPlace(outputNorm, numRows, ws.lastRows);
        show(0, LinearInput.OUTPUT, numRows, ws.lastRows);
        backend.linear(numRows, ws.lastRows, output.weight(), output.bias(), ws.logits);
        ModelConfig.Scales scales = config.scales();
        if (scales.logits() != 1 || scales.logitSoftcap() != 0) {
            backend.scaleLogits(numRows, ws.logits, scales.logits(), scales.logitSoftcap());
        }
        return ws.logits.memory();
    }

    /** Final states {@code [numStateRows, hiddenSize]} of the last step, valid until the next one. */
    MemorySegment states() {
        return ws.normed.memory();
    }

    private void attend(Mixer.Attention attention, int block, StepInput input, Buffer x, Buffer out) {
        int numTokens = input.numTokens();
        int headDim = attention.shape().headDim();
        Workspace.AttentionBuffers b = ws.attention(block);
        boolean normsFirst = config.headNormOrder() == ModelConfig.HeadNormOrder.BEFORE_ROPE;

        show(block, LinearInput.MIXER, numTokens, x);
        backend.linear(numTokens, x, attention.qkv().weight(), attention.qkv().bias(), b.qkv());
        if (normsFirst) {
            normHeads(attention, numTokens, b);
        }
        Rope rope = attention.position();
        if (rope != null) {
            backend.rope(rope, numTokens, headDim, ws.angles(rope), b.queries());
            backend.rope(rope, numTokens, headDim, ws.angles(rope), b.keys());
        }
        if (!normsFirst) {
            normHeads(attention, numTokens, b);
        }
        backend.storeKv(kvCache, attention.kvLayer(), input, b.keys(), b.values());
        backend.attention(attention.shape(), kvCache, attention.kvLayer(), input, b.queries(), b.out());
        show(block, LinearInput.MIXER_OUTPUT, numTokens, b.out());
        backend.linear(
                numTokens,
                b.out(),
                attention.output().weight(),
                attention.output().bias(),
                out);
    }

    private void normHeads(Mixer.Attention attention, int numTokens, Workspace.AttentionBuffers b) {
        Mixer.HeadNorm queryNorm = attention.queryNorm();
        if (queryNorm != null) {
            backend.headNorm(queryNorm.norm(), numTokens, queryNorm.groupDim(), b.queries());
        }
        Mixer.HeadNorm keyNorm = attention.keyNorm();
        if (keyNorm != null) {
            backend.headNorm(keyNorm.norm(), numTokens, keyNorm.groupDim(), b.keys());
        }
    }

    private void feed(FeedForward.GatedMlp mlp, int block, LinearInput downInput, int numTokens, Buffer x, Buffer out) {
        Workspace.MlpBuffers b = ws.mlp(block);
        backend.linear(numTokens, x, mlp.gateUp().weight(), mlp.gateUp().bias(), b.up());
        backend.activateGated(mlp.activation(), numTokens, b.up(), b.activated());
        show(block, downInput, numTokens, b.activated());
        backend.linear(numTokens, b.activated(), mlp.down().weight(), mlp.down().bias(), out);
    }

    private void feed(FeedForward.Mlp mlp, int block, int numTokens, Buffer x, Buffer out) {
        Workspace.MlpBuffers b = ws.mlp(block);
        backend.linear(numTokens, x, mlp.up().weight(), mlp.up().bias(), b.up());
        backend.activate(mlp.activation(), numTokens, b.up());
        show(block, LinearInput.FEED_DOWN, numTokens, b.up());
        backend.linear(numTokens, b.up(), mlp.down().weight(), mlp.down().bias(), out);
    }

    private void feed(FeedForward.MixtureOfExperts moe, int block, int numTokens, Buffer x, Buffer out) {
        Workspace.MoeBuffers b = ws.moe(block);
        backend.linear(numTokens, x, moe.router().weight(), moe.router().bias(), b.routerLogits());
        backend.route(moe.routing(), numTokens, b.routerLogits(), b.expertIds(), b.expertWeights());
        backend.experts(moe.experts(), numTokens, x, b.expertIds(), b.expertWeights(), out);
        FeedForward.GatedMlp shared = moe.shared();
        if (shared != null) {
            feed(shared, block, LinearInput.SHARED_DOWN, numTokens, x, ws.shared);
            Linear gate = moe.sharedGate();
            if (gate != null) {
                backend.linear(numTokens, x, gate.weight(), gate.bias(), b.sharedGate());
                backend.multiplySigmoid(numTokens, ws.shared, b.sharedGate());
            }
            backend.addScaled(numTokens, out, ws.shared, 1);
        }
    }

    /** {@code norm(x)} in {@code target}, or x itself where there is no norm. */
    private Buffer normed(@Nullable Norm norm, int rows, Buffer x, Buffer target) {
        if (norm == null) {
            return x;
        }
        backend.norm(norm, rows, x, target);
        return target;
    }

    private void normInPlace(@Nullable Norm norm, int rows, Buffer x) {
        if (norm != null) {
            backend.norm(norm, rows, x, x);
        }
    }

    private void show(int layer, LinearInput input, int rows, Buffer x) {
        LinearInput.Observer who = observer;
        if (who != null) {
            who.observe(layer, input, rows, x);
        }
    }
}
