package tokamak;

import java.util.Optional;
import java.util.Set;
import tokamak.api.Pooling;
import tokamak.api.SamplingParams;
import tokamak.model.LanguageModel;
import tokamak.text.ChatTemplate;
import tokamak.text.Tokenizer;

/**
 * All that an engine needs of a model; the seam between loading and serving.
 *
 * @param name for people
 * @param model computes; the engine closes it
 * @param tokenizer of the same model
 * @param chatTemplate empty if the model's own is unusable
 * @param eosIds the model's own end tokens
 * @param samplingDefaults what the model's makers recommend, for requests that do not say
 * @param kvIdentity all that keys and values depend on besides tokens; empty if they are not to be kept
 * @param pooling what its embeddings were trained with
 * @param resources what else the engine closes, after the model
 */
record LoadedModel(
        String name,
        LanguageModel model,
        Tokenizer tokenizer,
        Optional<ChatTemplate> chatTemplate,
        Set<Integer> eosIds,
        SamplingParams samplingDefaults,
        Optional<String> kvIdentity,
        Pooling pooling,
        AutoCloseable resources) {
    LoadedModel {
        eosIds = Set.copyOf(eosIds);
    }

    /** A model that was not trained for embeddings: what its last token has seen is the best there is. */
    LoadedModel(
            String name,
            LanguageModel model,
            Tokenizer tokenizer,
            Optional<ChatTemplate> chatTemplate,
            Set<Integer> eosIds,
            SamplingParams samplingDefaults,
            Optional<String> kvIdentity,
            AutoCloseable resources) {
        this(name, model, tokenizer, chatTemplate, eosIds, samplingDefaults, kvIdentity, Pooling.LAST, resources);
    }

    /** Ids below this are tokens; the model's logits may be wider. */
    int numTokens() {
        return Math.min(model.vocabSize(), tokenizer.vocabulary().size());
    }
}
