"""Published outcomes against predictions: how often the model was right.

It reads parameters and writes scores; it sets no parameter.
"""
