//! The recorded cases of the old components, as far as a plan can tell: what is
//! asked of SageMaker, and what is made of its answers. The whole step is played by
//! `tests/e2e/test_v1_cases.py`.

mod behaviour;
mod cases;
mod server;
