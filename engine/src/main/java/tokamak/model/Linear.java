package tokamak.model;

import org.jspecify.annotations.Nullable;
import tokamak.backend.Buffer;
import tokamak.backend.Weight;

/** {@code y = x · weightᵀ + bias}. */
record Linear(Weight weight, @Nullable Buffer bias) {
    int outFeatures() {
        return weight.outFeatures();
    }

    int inFeatures() {
        return weight.inFeatures();
    }
}
