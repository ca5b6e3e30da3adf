// Draws a seven: draw_a_seven WEIGHTS.safetensors PICTURE.png
#include <fstream>
#include <iostream>
#include <iterator>

#include "core/run/picture.h"

int main(int count, char** arguments) {
  if (count != 3) return 2;
  std::ifstream file(arguments[1], std::ios::binary);
  const std::vector<char> weights(std::istreambuf_iterator<char>(file), {});

  undiffuse::Session session;
  session.apply("class=7&steps=20");
  const auto opened = session.open_model(std::as_bytes(std::span(weights)));
  if (!opened) {
    std::cerr << opened.error().message << '\n';
    return 1;
  }
  while (session.position() < session.num_steps()) session.step();  // x_t -> x_prev

  const auto png = keepsake_png(session, undiffuse::Keepsake::Frame, session.position(), 0);
  std::ofstream picture(arguments[2], std::ios::binary);
  picture.write(reinterpret_cast<const char*>(png.data()), std::ssize(png));
  return picture ? 0 : 1;
}
