// Ctrl-C without half-written files: a command ends where it stands between two pieces of work.
#pragma once

#include "core/base/error.h"

namespace undiffuse {

/// From here on SIGINT and SIGTERM only raise a flag.
void watch_interrupts();
bool interrupted();

/// What a command answers that stopped because of it.
Error stopped();

}  // namespace undiffuse
