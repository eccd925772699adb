package tokamak.server.openai;

import java.util.function.Supplier;
import tokamak.api.InvalidRequestException;

/** The engine knows guides only; clients know the fields that guides are made of. */
final class GuideErrors {
    private static final String GUIDE = "guide";

    private GuideErrors() {}

    /** @param field that is wrong if the guide is */
    static <T> T named(String field, Supplier<T> work) {
        try {
            return work.get();
        } catch (InvalidRequestException e) {
            if (GUIDE.equals(e.field())) {
                throw ApiException.invalid(field, field + ": " + e.getMessage());
            }
            throw e;
        }
    }
}
