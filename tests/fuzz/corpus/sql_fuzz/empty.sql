;;  ; -- nothing
