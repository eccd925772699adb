package tokamak.server.metrics;

import java.util.stream.DoubleStream;

/** Upper bounds of histograms, vLLM's own: dashboards compute quantiles from them. */
final class Buckets {
    private Buckets() {}

    static double[] timeToFirstToken() {
        return new double[] {
            .001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560
        };
    }

    static double[] perToken() {
        return new double[] {.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80};
    }

    static double[] perRequest() {
        return new double[] {.3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680};
    }

    static double[] preemptions() {
        return new double[] {1, 2, 3, 4, 5, 10, 20};
    }

    static double[] answers() {
        return new double[] {1, 2, 5, 10, 20};
    }

    /** 1, 2, 5, 10, 20, 50 ... up to the context length. */
    static double[] tokens(int contextLength) {
        return DoubleStream.iterate(1, decade -> decade * 10)
                .flatMap(decade -> DoubleStream.of(decade, 2 * decade, 5 * decade))
                .takeWhile(bound -> bound <= contextLength)
                .toArray();
    }
}
