"""A page on this computer: move the inputs on which an answer depends, and see what follows."""
