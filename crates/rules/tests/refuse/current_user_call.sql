-- as a call
current_user() = 'x'
---
error non_deterministic_function [current_user]: `current_user` may differ between two evaluations at the same instant
  hint: membership is decided by events and `now()` alone
