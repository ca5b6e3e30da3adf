// x / (1 + exp(-x)) on vectors; included once for each target.
#if defined(UNDIFFUSE_SILU_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef UNDIFFUSE_SILU_INL_H_
#undef UNDIFFUSE_SILU_INL_H_
#else
#define UNDIFFUSE_SILU_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace undiffuse::cpu::HWY_NAMESPACE {

template <class D>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> silu(D d, hwy::HWY_NAMESPACE::Vec<D> x) {
  namespace hn = hwy::HWY_NAMESPACE;
  // Below -87 exp(-x) overflows; the result is 0 to float's precision there.
  const auto e = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 87.0f)));
  return hn::Div(x, hn::Add(hn::Set(d, 1.0f), e));
}

}  // namespace undiffuse::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
