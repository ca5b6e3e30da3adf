// A line on a terminal while something long goes on.
#pragma once

#include <chrono>
#include <string>

namespace undiffuse {

/// Draws on stderr if that is a terminal, else does nothing. The line goes away with the object.
class Progress {
 public:
  /// `unit` in the plural, as in "12/50 steps".
  Progress(std::string unit, int total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(int done);

 private:
  using Clock = std::chrono::steady_clock;

  std::string unit_;
  int total_;
  bool terminal_;
  Clock::time_point began_ = Clock::now(), shown_;
};

}  // namespace undiffuse
