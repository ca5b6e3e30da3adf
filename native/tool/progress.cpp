#include "native/tool/progress.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace undiffuse {
namespace {

constexpr int kBar = 30;  // characters
constexpr std::chrono::milliseconds kBetween(100);

}  // namespace

Progress::Progress(std::string unit, int total)
    : unit_(std::move(unit)), total_(total), terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::show(int done) {
  const auto now = Clock::now();
  if (!terminal_ || now - shown_ < kBetween) return;
  shown_ = now;
  const int filled = kBar * done / total_;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  std::fprintf(stderr, "\r[%s%s] %d/%d %s", std::string(static_cast<size_t>(filled), '#').c_str(),
               std::string(static_cast<size_t>(kBar - filled), '.').c_str(), done, total_, unit_.c_str());
  if (done > 0) std::fprintf(stderr, ", %.0f s left", seconds * (total_ - done) / done);
  std::fputs("\033[K", stderr);
}

}  // namespace undiffuse
