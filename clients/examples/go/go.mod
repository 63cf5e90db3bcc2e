module binnacle/example

go 1.21
