package tokamak.model;

import java.util.ArrayList;
import java.util.List;
import tokamak.backend.Backend;
import tokamak.backend.Buffer;
import tokamak.backend.Rope;

/**
 * The activations of one forward pass, allocated once for the largest step there may be. Blocks run one after another and
 * use the same memory; each sees it through views of its own widths.
 */
final class Workspace {
    /** @param qkv columns of all three, of which queries, keys and values are views */
    record AttentionBuffers(Buffer qkv, Buffer queries, Buffer keys, Buffer values, Buffer out) {}

    record MlpBuffers(Buffer up, Buffer activated) {}

    record MoeBuffers(Buffer routerLogits, Buffer expertIds, Buffer expertWeights, Buffer sharedGate) {}

    final Buffer x; // [tokens, hiddenSize] the residual stream
    final Buffer normed; // [tokens, hiddenSize]
    final Buffer mixed; // [tokens, hiddenSize]
    final Buffer fed; // [tokens, hiddenSize]
    final Buffer shared; // [tokens, hiddenSize] the shared expert's output
    final Buffer lastRows; // [logit rows, hiddenSize]
    final Buffer logits; // [logit rows, vocabSize]
    private final List<Rope> ropes;
    private final List<Buffer> angles = new ArrayList<>(); // per rope [tokens, rotated]
    private final List<AttentionBuffers> attention = new ArrayList<>(); // per block
    private final List<MlpBuffers> mlps = new ArrayList<>(); // per block: its mlp, or its shared expert
    private final List<MoeBuffers> moes = new ArrayList<>(); // per block

    Workspace(Backend backend, ModelConfig config, List<Block> blocks, int vocabSize, int maxTokens, int maxLogitRows) {
        x = backend.allocate(maxTokens, config.hiddenSize());
        normed = backend.allocate(maxTokens, config.hiddenSize());
        mixed = backend.allocate(maxTokens, config.hiddenSize());
        fed = backend.allocate(maxTokens, config.hiddenSize());
        lastRows = backend.allocate(maxLogitRows, config.hiddenSize());
        logits = backend.allocate(maxLogitRows, vocabSize);

        ropes = blocks.stream()
                .flatMap(block ->
                        java.util.stream.Stream.ofNullable(attentionOf(block).position()))
                .distinct()
                .toList();
        for (Rope rope : ropes) {
            angles.add(backend.allocate(maxTokens, rope.rotated()));
        }
        Buffer qkv = backend.allocate(
                maxTokens, widest(blocks, b -> attentionOf(b).qkv().outFeatures()));
        Buffer heads = backend.allocate(
                maxTokens, widest(blocks, b -> attentionOf(b).output().inFeatures()));
        Buffer up = backend.allocate(maxTokens, widest(blocks, Workspace::upWidth));
        Buffer activated = backend.allocate(maxTokens, widest(blocks, Workspace::activatedWidth));
        Buffer router = backend.allocate(maxTokens, widest(blocks, Workspace::routerWidth));
        Buffer ids = backend.allocate(maxTokens, widest(blocks, Workspace::usedWidth));
        Buffer weights = backend.allocate(maxTokens, widest(blocks, Workspace::usedWidth));
        Buffer gate = backend.allocate(maxTokens, 1);
        shared = blocks.stream().anyMatch(b -> routerWidth(b) > 0)
                ? backend.allocate(maxTokens, config.hiddenSize())
                : fed;
        for (Block block : blocks) {
            Mixer.Attention a = attentionOf(block);
            attention.add(new AttentionBuffers(
                    qkv.columns(0, a.qkv().outFeatures()),
                    qkv.columns(0, a.queryDim()),
                    qkv.columns(a.queryDim(), a.keyDim()),
                    qkv.columns(a.queryDim() + a.keyDim(), a.valueDim()),
                    heads.columns(0, a.output().inFeatures())));
            mlps.add(new MlpBuffers(up.columns(0, upWidth(block)), activated.columns(0, activatedWidth(block))));
            moes.add(new MoeBuffers(
                    router.columns(0, routerWidth(block)),
                    ids.columns(0, usedWidth(block)),
                    weights.columns(0, usedWidth(block)),
                    gate));
        }
    }

    List<Rope> ropes() {
        return ropes;
    }

    Buffer angles(Rope rope) {
        return angles.get(ropes.indexOf(rope));
    }

    AttentionBuffers attention(int block) {
        return attention.get(block);
    }

    MlpBuffers mlp(int block) {
        return mlps.get(block);
    }

    MoeBuffers moe(int block) {
        return moes.get(block);
    }

    private static int widest(List<Block> blocks, java.util.function.ToIntFunction<Block> width) {
        return blocks.stream().mapToInt(width).max().orElse(0);
    }

    private static Mixer.Attention attentionOf(Block block) {
        return switch (block.mixer()) {
            case Mixer.Attention attention -> attention;
        };
    }

    private static int upWidth(Block block) {
        return switch (block.feedForward()) {
            case FeedForward.GatedMlp mlp -> mlp.gateUp().outFeatures();
            case FeedForward.Mlp mlp -> mlp.up().outFeatures();
            case FeedForward.MixtureOfExperts moe ->
                moe.shared() == null ? 0 : moe.shared().gateUp().outFeatures();
        };
    }

    private static int activatedWidth(Block block) {
        return switch (block.feedForward()) {
            case FeedForward.GatedMlp mlp -> mlp.down().inFeatures();
            case FeedForward.Mlp _ -> 0;
            case FeedForward.MixtureOfExperts moe ->
                moe.shared() == null ? 0 : moe.shared().down().inFeatures();
        };
    }

    private static int routerWidth(Block block) {
        return block.feedForward() instanceof FeedForward.MixtureOfExperts moe
                ? moe.routing().numExperts()
                : 0;
    }

    private static int usedWidth(Block block) {
        return block.feedForward() instanceof FeedForward.MixtureOfExperts moe
                ? moe.routing().numUsed()
                : 0;
    }
}
