#include "native/tool/interrupt.h"

#include <csignal>

namespace undiffuse {
namespace {

volatile std::sig_atomic_t raised = 0;

}  // namespace

void watch_interrupts() {
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { raised = 1; });
}

bool interrupted() { return raised != 0; }

Error stopped() { return {"Interrupted: nothing was written."}; }

}  // namespace undiffuse
