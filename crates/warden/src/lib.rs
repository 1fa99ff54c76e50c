//! Children of this binary behind limits: exec, socketpair, death.
