"""Raters that are programs, and ratings in other people's formats."""
