"""The door: decode a request, call one function of the layers below, encode its answer."""
