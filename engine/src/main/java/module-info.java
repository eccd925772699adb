/** Tokamak's engine: a library that opens a trained model and generates text. */
module tokamak.engine {
    requires jdk.jfr;
    requires tools.jackson.databind;
    requires static org.jspecify;

    exports tokamak;
    exports tokamak.api;
    exports tokamak.chat;
    exports tokamak.tensor;
    exports tokamak.workload;
}
