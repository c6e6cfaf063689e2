// What pages gain with script; without it they work all the same.
