// A model's card over the panels.
#pragma once

#include "native/app/view.h"

namespace undiffuse {

/// view.card as text: Markdown's headings, tables and paragraphs, which is all that cards use.
void draw_card(View& view);

}  // namespace undiffuse
