// Evidence as a line of printable text, which a saved picture keeps beside its settings.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/process/perturbation.h"

namespace undiffuse {

/// "kind height width channels amount image known": the way's name, the shape, the amount as the 16 hex
/// digits of a double, the image as 8 hex digits for each float, known pixels as 0 and 1 ("-" if the kind has
/// none). Empty without evidence.
std::string format_evidence(const Evidence& evidence, const Shape& image);

/// parse_evidence(format_evidence(e)) is e, to the bit. Refuses other text with a sentence; the empty text is
/// no evidence.
Result<Evidence> parse_evidence(std::string_view text);

}  // namespace undiffuse
