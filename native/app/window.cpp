#include "native/app/window.h"

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <algorithm>
#include <utility>

namespace undiffuse {
namespace {

// After an event ImGui needs a frame to see it, one to react, and one to lay out what changed.
constexpr int kFramesToSettle = 3;

std::string last_glfw_error() {
  const char* description = nullptr;
  glfwGetError(&description);
  return description ? description : "no reason given";
}

}  // namespace

Status Window::create(Window& window, int width, int height) {
  if (!glfwInit()) {
    return Error{"There is no display to open a window on (" + last_glfw_error() +
                 "): start it in a desktop session, or use the tool 'undiffuse'."};
  }
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  window.handle_ = glfwCreateWindow(width, height, "Undiffuse", nullptr, nullptr);
  if (!window.handle_) {
    const std::string reason = last_glfw_error();
    glfwTerminate();
    return Error{"OpenGL 3.2 is needed for the window and did not start (" + reason +
                 "): update the graphics driver, or use the tool 'undiffuse'."};
  }
  glfwMakeContextCurrent(window.handle_);
  glfwSwapInterval(1);
  glfwSetWindowSizeLimits(window.handle_, 640, 480, GLFW_DONT_CARE, GLFW_DONT_CARE);
  float unused = 1;
  glfwGetWindowContentScale(window.handle_, &window.scale_, &unused);
  window.listen();
  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;  // the layout is ours
  ImGui_ImplGlfw_InitForOpenGL(window.handle_, true);
  ImGui_ImplOpenGL3_Init("#version 150");
  return Ok{};
}

Window::~Window() {
  if (!handle_) return;
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplGlfw_Shutdown();
  ImGui::DestroyContext();
  glfwDestroyWindow(handle_);
  glfwTerminate();
}

Window& Window::of(GLFWwindow* handle) { return *static_cast<Window*>(glfwGetWindowUserPointer(handle)); }

// Before ImGui installs its callbacks, which call these first.
void Window::listen() {
  glfwSetWindowUserPointer(handle_, this);
  glfwSetKeyCallback(handle_, [](GLFWwindow* handle, int key, int, int action, int modifiers) {
    if (key == GLFW_KEY_Q && modifiers & GLFW_MOD_CONTROL) glfwSetWindowShouldClose(handle, GLFW_TRUE);
    constexpr int kOthers = GLFW_MOD_CONTROL | GLFW_MOD_ALT | GLFW_MOD_SUPER;
    if (action != GLFW_RELEASE && !(modifiers & kOthers)) of(handle).keys_.push_back({key, 0});
  });
  glfwSetCharCallback(handle_, [](GLFWwindow* handle, unsigned character) {
    of(handle).keys_.push_back({0, character});
  });
  glfwSetDropCallback(handle_, [](GLFWwindow* handle, int count, const char** paths) {
    of(handle).dropped_files_.assign(paths, paths + count);
  });
}

bool Window::should_close() const { return glfwWindowShouldClose(handle_); }

void Window::set_title(const std::string& title) {
  if (title == title_) return;
  title_ = title;
  glfwSetWindowTitle(handle_, title.c_str());
}

void Window::wait(double seconds) {
  if (frames_to_settle_ > 0) {
    --frames_to_settle_;
    glfwPollEvents();
    return;
  }
  glfwWaitEventsTimeout(std::max(seconds, 1e-3));
  frames_to_settle_ = kFramesToSettle - 1;
}

void Window::wake() { glfwPostEmptyEvent(); }

void Window::begin_frame() {
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  ImGui::NewFrame();
}

void Window::end_frame() {
  ImGui::Render();
  int width = 0, height = 0;
  glfwGetFramebufferSize(handle_, &width, &height);
  glViewport(0, 0, width, height);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  glfwSwapBuffers(handle_);
}

std::vector<KeyPress> Window::take_keys() { return std::exchange(keys_, {}); }
std::vector<std::string> Window::take_dropped_files() { return std::exchange(dropped_files_, {}); }

}  // namespace undiffuse
