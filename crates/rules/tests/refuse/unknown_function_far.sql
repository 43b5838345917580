-- a name like no other
frobnicate(region) = 'CA'
---
error unknown_function [frobnicate]: there is no function `frobnicate`
