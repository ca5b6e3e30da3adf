// Activations on vectors; included once for each target.
#if defined(UNDIFFUSE_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef UNDIFFUSE_ACTIVATION_INL_H_
#undef UNDIFFUSE_ACTIVATION_INL_H_
#else
#define UNDIFFUSE_ACTIVATION_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "core/network/graph.h"

HWY_BEFORE_NAMESPACE();
namespace undiffuse::cpu::HWY_NAMESPACE {

// x / (1 + exp(-x))
template <class D>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> silu(D d, hwy::HWY_NAMESPACE::Vec<D> x) {
  namespace hn = hwy::HWY_NAMESPACE;
  // Below -87 exp(-x) overflows; the result is 0 to float's precision there.
  const auto e = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 87.0f)));
  return hn::Div(x, hn::Add(hn::Set(d, 1.0f), e));
}

template <class D>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> activated(D d, Activation activation, hwy::HWY_NAMESPACE::Vec<D> x) {
  namespace hn = hwy::HWY_NAMESPACE;
  switch (activation) {
    case Activation::None:
      return x;
    case Activation::Silu:
      return silu(d, x);
    case Activation::Tanh:
      return hn::Tanh(d, x);
    case Activation::LeakyRelu:
      return hn::Max(x, hn::Mul(hn::Set(d, kLeak), x));
  }
  return x;
}

}  // namespace undiffuse::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
