(** exp and ln by tables of [ln (1 + i / 2^s)] for short [i]: a number is taken to 1, or to the exponential
    sought, by factors [1 + i / 2^s], and a product with such a factor takes time in the length of [i]. At 68 bits
    both take a quarter of the time of Exponential.v and Logarithm.v, and the tables twice as long to make. *)
From Coq Require Import Reals ZArith List Lra Lia Psatz Bool.
From ExactQSE Require Import Sums FixedPoint Exponential Logarithm.
Import ListNotations.
Open Scope R_scope.

(** ** The series of [ln (1 + x)], x from 0 to 1, and what is left of it *)
Fixpoint ln_sum (n : nat) (x : R) : R :=
  match n with O => 0 | S k => ln_sum k x + (-1) ^ k * (x ^ S k / INR (S k)) end.

Lemma ln_sum_derivative n x : derivable_pt_lim (ln_sum n) x (rsum (fun k => (- x) ^ k) (seq 0 n)).
Proof.
  induction n as [|n IH]; [apply derivable_pt_lim_const|].
  rewrite seq_S, rsum_app. simpl rsum. rewrite Rplus_0_r.
  apply (derivable_pt_lim_plus (ln_sum n) (fun x => (-1) ^ n * (x ^ S n / INR (S n)))); [exact IH|].
  replace ((- x) ^ n) with ((-1) ^ n * x ^ n) by (rewrite <- Rpow_mult_distr; f_equal; ring).
  apply (derivable_pt_lim_scal (fun x => x ^ S n / INR (S n))).
  pose proof (lt_0_INR (S n) ltac:(lia)).
  replace (x ^ n) with (/ INR (S n) * (INR (S n) * x ^ pred (S n))) by (simpl pred; field; lra).
  apply derivable_pt_lim_ext with (fun x => mult_real_fct (/ INR (S n)) (fun x => x ^ S n) x).
  - intros z. unfold mult_real_fct, Rdiv. ring.
  - apply derivable_pt_lim_scal, derivable_pt_lim_pow.
Qed.

Lemma geometric x n : (1 + x) * rsum (fun k => (- x) ^ k) (seq 0 n) = 1 - (- x) ^ n.
Proof.
  induction n as [|n IH]; [simpl; ring|]. rewrite seq_S, rsum_app, Rmult_plus_distr_l, IH. simpl. ring.
Qed.

Lemma minus_one_twice n : (-1) ^ n * (-1) ^ n = 1.
Proof. rewrite <- Rpow_mult_distr. replace (-1 * -1) with 1 by ring. apply pow1. Qed.

(** A function that starts at 0 and does not fall up to [x] is not negative there. *)
Lemma grows_up_to (f f' : R -> R) x : 0 <= x -> f 0 = 0 ->
  (forall z, 0 <= z <= x -> derivable_pt_lim f z (f' z)) -> (forall z, 0 <= z <= x -> 0 <= f' z) -> 0 <= f x.
Proof.
  intros [Hx|<-] H0 Hd Hp; [|lra].
  destruct (MVT_cor2 f f' 0 x Hx Hd) as (c & E & Hc).
  assert (0 <= f' c * (x - 0)) by (apply Rmult_le_pos; [apply Hp|]; lra). lra.
Qed.

Lemma ln_sum_0 n : ln_sum n 0 = 0.
Proof. induction n as [|n IH]; simpl; [reflexivity|]. rewrite IH. unfold Rdiv. ring. Qed.

Lemma ln_remainder n x : 0 <= x -> 0 <= (-1) ^ n * (ln (1 + x) - ln_sum n x) <= x ^ S n / INR (S n).
Proof.
  intros Hx. set (f := fun z => (-1) ^ n * (ln (1 + z) - ln_sum n z)).
  assert (D : forall z, 0 <= z <= x -> derivable_pt_lim f z (z ^ n / (1 + z))).
  { intros z Hz. set (g := rsum (fun k => (- z) ^ k) (seq 0 n)).
    replace (z ^ n / (1 + z)) with ((-1) ^ n * (1 / (1 + z) - g)).
    - apply (derivable_pt_lim_scal (fun z => ln (1 + z) - ln_sum n z)).
      apply (derivable_pt_lim_minus (fun z => ln (1 + z)) (ln_sum n)); [|apply ln_sum_derivative].
      replace (1 / (1 + z)) with (/ (1 + z) * (0 + 1)) by (field; lra).
      apply (derivable_pt_lim_comp (fun z => 1 + z) ln).
      + apply (derivable_pt_lim_plus (fun _ => 1) (fun z => z)); [apply derivable_pt_lim_const|apply derivable_pt_lim_id].
      + apply derivable_pt_lim_ln. lra.
    - pose proof (geometric z n) as G. fold g in G.
      assert (E : g = (1 - (- z) ^ n) / (1 + z)) by (rewrite <- G; field; lra). rewrite E.
      replace (- z) with (-1 * z) by ring. rewrite Rpow_mult_distr.
      replace ((-1) ^ n * (1 / (1 + z) - (1 - (-1) ^ n * z ^ n) / (1 + z)))
        with ((-1) ^ n * (-1) ^ n * z ^ n / (1 + z)) by (field; lra).
      rewrite minus_one_twice. field. lra. }
  assert (F0 : f 0 = 0) by (unfold f; rewrite ln_sum_0, Rplus_0_r, ln_1; ring).
  pose proof (lt_0_INR (S n) ltac:(lia)) as Hn.
  split.
  - apply (grows_up_to f (fun z => z ^ n / (1 + z)) x Hx F0 D). intros z Hz.
    apply Rmult_le_pos; [apply pow_le; lra|apply Rlt_le, Rinv_0_lt_compat; lra].
  - assert (0 <= x ^ S n / INR (S n) - f x); [|unfold f in *; lra].
    apply (grows_up_to (fun z => z ^ S n / INR (S n) - f z) (fun z => z ^ n - z ^ n / (1 + z)) x Hx).
    + rewrite F0, pow_i by lia. unfold Rdiv. ring.
    + intros z Hz. apply (derivable_pt_lim_minus (fun z => z ^ S n / INR (S n)) f); [|now apply D].
      replace (z ^ n) with (/ INR (S n) * (INR (S n) * z ^ pred (S n))) by (simpl pred; field; lra).
      apply derivable_pt_lim_ext with (fun z => mult_real_fct (/ INR (S n)) (fun z => z ^ S n) z).
      * intros y. unfold mult_real_fct, Rdiv. ring.
      * apply derivable_pt_lim_scal, derivable_pt_lim_pow.
    + intros z Hz. pose proof (pow_le z n ltac:(lra)) as P.
      replace (z ^ n - z ^ n / (1 + z)) with (z ^ n * (z / (1 + z))) by (field; lra).
      apply Rmult_le_pos; [assumption|]. apply Rmult_le_pos; [lra|apply Rlt_le, Rinv_0_lt_compat; lra].
Qed.

Lemma ln_factor n x : 0 <= x ->
  exists theta, 0 <= theta <= / INR (S n) /\ ln (1 + x) = ln_sum n x + (-1) ^ n * (x ^ S n * theta).
Proof.
  intros [Hx|<-].
  - pose proof (ln_remainder n x (Rlt_le _ _ Hx)) as [L U]. pose proof (pow_lt x (S n) Hx) as P.
    set (d := (-1) ^ n * (ln (1 + x) - ln_sum n x)) in *. exists (d / x ^ S n). split; [split|].
    + apply Rmult_le_pos; [assumption|now apply Rlt_le, Rinv_0_lt_compat].
    + apply Rmult_le_reg_r with (x ^ S n); [assumption|]. replace (d / x ^ S n * x ^ S n) with d by (field; lra).
      unfold Rdiv in U. rewrite Rmult_comm. exact U.
    + replace (x ^ S n * (d / x ^ S n)) with d by (field; lra). unfold d.
      rewrite <- Rmult_assoc, minus_one_twice. ring.
  - exists 0. split; [split; [lra|apply Rlt_le, Rinv_0_lt_compat, lt_0_INR; lia]|].
    rewrite ln_sum_0, Rplus_0_r, ln_1. ring.
Qed.

Section Precision.
Variable p : Z.
Hypothesis Hp : (0 <= p)%Z.
Let Hu : 0 < unit p := unit_pos p Hp.

(** Horner's rule for [1/k - x (1/(k + 1) - x (...))], [x = a/b], from enclosures of [1/k], [1/(k + 1)], ... *)
Fixpoint series (a b : Z) (reciprocals : list interval) : interval :=
  match reciprocals with
  | [] => (0, one p)%Z
  | r :: rest => let inner := series a b rest in
      let product := (a * fst inner)%Z in
      (fst r - ceil_div (product + (snd inner - fst inner) * a) b, snd r - floor_div product b)%Z
  end.

Lemma times_ratio a b i theta : (0 <= a)%Z -> (0 < b)%Z -> encloses p i theta ->
  encloses p (floor_div (a * fst i) b, ceil_div (a * snd i) b) (IZR a / IZR b * theta).
Proof.
  intros Ha Hb [L H]. apply IZR_le in Ha. apply IZR_lt in Hb as Rb. unfold encloses; cbn [fst snd]. rewrite floor_div_eq.
  pose proof (floor_div_le (a * fst i) b Hb) as F. pose proof (ceil_div_ge (a * snd i) b Hb) as C.
  rewrite mult_IZR in F, C.
  split; apply Rmult_le_reg_r with (IZR b); try assumption;
    replace (IZR a / IZR b * theta * unit p * IZR b) with (IZR a * (theta * unit p)) by (field; lra); nra.
Qed.

Lemma reciprocal_of k : (0 < k)%Z -> encloses p (floor_div (one p) k, ceil_div (one p) k) (/ IZR k).
Proof.
  intros Hk. pose proof (times_ratio 1 k (one p, one p) 1 ltac:(lia) Hk) as H. rewrite !Z.mul_1_l in H.
  apply encloses_ext with (IZR 1 / IZR k * 1); [apply IZR_lt in Hk; field; lra|].
  apply H. unfold encloses; cbn [fst snd]. rewrite one_unit by assumption. lra.
Qed.

Definition reciprocals (n : nat) : list interval :=
  map (fun k => (floor_div (one p) (Z.of_nat k), ceil_div (one p) (Z.of_nat k))) (seq 1 n).

Definition are_reciprocals (n : nat) (l : list interval) : Prop :=
  forall i r, nth_error l i = Some r -> encloses p r (/ INR (S (n + i))).

Lemma nth_error_seq m n i k : nth_error (seq m n) i = Some k -> k = (m + i)%nat.
Proof.
  intros E. assert (Hi : (i < n)%nat) by (rewrite <- (seq_length n m); apply nth_error_Some; congruence).
  rewrite nth_error_nth' with (d := 0%nat) in E by (rewrite seq_length; exact Hi). injection E as <-. now rewrite seq_nth.
Qed.

Lemma reciprocals_correct n : are_reciprocals 0 (reciprocals n).
Proof.
  intros i r. unfold reciprocals. rewrite nth_error_map.
  destruct (nth_error (seq 1 n) i) as [k|] eqn:E; cbn [option_map]; [|discriminate]. intros [= <-].
  apply nth_error_seq in E. subst k. rewrite INR_IZR_INZ. apply reciprocal_of. lia.
Qed.

Lemma series_correct a b : (0 <= a)%Z -> (0 < b)%Z -> forall l n, are_reciprocals n l ->
  exists theta, encloses p (series a b l) theta /\
    ln (1 + IZR a / IZR b) = ln_sum n (IZR a / IZR b) + (-1) ^ n * ((IZR a / IZR b) ^ S n * theta).
Proof.
  intros Ha Hb. assert (Hx : 0 <= IZR a / IZR b).
  { apply IZR_le in Ha. apply IZR_lt in Hb. apply Rmult_le_pos; [assumption|now apply Rlt_le, Rinv_0_lt_compat]. }
  induction l as [|r l IH]; intros n Hl.
  - destruct (ln_factor n _ Hx) as (theta & [T1 T2] & E). exists theta. split; [|exact E].
    pose proof (lt_0_INR n) as H0. rewrite S_INR in T2. pose proof (pos_INR n) as Hn.
    assert (/ (INR n + 1) <= / 1) by (apply Rinv_le_contravar; lra). rewrite Rinv_1 in *.
    unfold encloses; cbn [series fst snd]. rewrite one_unit by assumption. split; [apply Rmult_le_pos; lra|].
    rewrite <- (Rmult_1_l (unit p)) at 2. apply Rmult_le_compat_r; lra.
  - destruct (IH (S n)) as (theta & Ht & E).
    { intros i v Hi. replace (S n + i)%nat with (n + S i)%nat by lia. now apply Hl. }
    specialize (Hl 0%nat r eq_refl). rewrite Nat.add_0_r in Hl.
    exists (/ INR (S n) - IZR a / IZR b * theta). split.
    + cbn [series]. replace (a * fst (series a b l) + (snd (series a b l) - fst (series a b l)) * a)%Z
        with (a * snd (series a b l))%Z by ring.
      exact (sub_correct p _ _ _ _ Hl (times_ratio a b _ theta Ha Hb Ht)).
    + rewrite E. cbn [ln_sum]. set (x := IZR a / IZR b) in *.
      change ((-1) ^ S n) with (-1 * (-1) ^ n). change (x ^ S (S n)) with (x * x ^ S n).
      pose proof (lt_0_INR (S n) ltac:(lia)). field. lra.
Qed.

(** ln of [1 + a / b]. *)
Definition ln_1_plus (l : list interval) (a b : Z) : interval :=
  let inner := series a b l in (floor_div (a * fst inner) b, ceil_div (a * snd inner) b).

Lemma ln_1_plus_correct l a b : are_reciprocals 0 l -> (0 <= a)%Z -> (0 < b)%Z ->
  encloses p (ln_1_plus l a b) (ln (1 + IZR a / IZR b)).
Proof.
  intros Hl Ha Hb. destruct (series_correct a b Ha Hb l 0 Hl) as (theta & Ht & E).
  apply encloses_ext with (IZR a / IZR b * theta); [rewrite E; simpl; ring|now apply times_ratio].
Qed.
End Precision.

(** The same of fewer bits. *)
Definition coarse (k : Z) (i : interval) : interval := (down (fst i) k, up (snd i) k).

Lemma coarse_correct p k i x : (0 <= p)%Z -> (0 <= k)%Z -> encloses (p + k) i x -> encloses p (coarse k i) x.
Proof.
  intros Hp Hk [L H]. rewrite unit_shift in L, H by assumption. pose proof (unit_pos k Hk) as Uk.
  pose proof (down_le (fst i) k Hk). pose proof (up_ge (snd i) k Hk).
  split; simpl; apply Rmult_le_reg_r with (unit k); try assumption; nra.
Qed.

(** ** Tables of [ln (1 + i / 2^s)] *)
Definition ln_level := (Z * list interval)%type.    (* s, of i = 0, 1, ... *)
Definition first_level : Z := 4.
Definition finer : Z := 4.                          (* bits from one level to the next *)
Definition last_index : Z := 31.                    (* a level reaches twice as far as it has to *)
Definition spare : Z := 8.                          (* bits, in the making of tables *)

Record ln_tables := LnTables { two : interval; levels_of : list ln_level }.

Section Tables.
Variable p : Z.
Hypothesis Hp : (0 <= p)%Z.
Let Hu : 0 < unit p := unit_pos p Hp.

Definition is_level (l : ln_level) : Prop := (0 <= fst l)%Z /\
  forall i v, nth_error (snd l) i = Some v -> encloses p v (ln (1 + IZR (Z.of_nat i) / unit (fst l))).

Definition sound_tables (t : ln_tables) : Prop := encloses p (two t) (ln 2) /\ Forall is_level (levels_of t).

(** *** Factors [1 + i / 2^s] *)
Lemma factor_pos s i : (0 <= s)%Z -> (0 <= i)%Z -> 1 <= 1 + IZR i / unit s.
Proof.
  intros Hs Hi. apply IZR_le in Hi. pose proof (unit_pos s Hs).
  assert (0 <= IZR i / unit s) by (apply Rmult_le_pos; [assumption|now apply Rlt_le, Rinv_0_lt_compat]). lra.
Qed.

Lemma shiftr_bounds n s : (0 <= s)%Z -> IZR (Z.shiftr n s) <= IZR n / unit s <= IZR (Z.shiftr n s) + 1.
Proof.
  intros Hs. pose proof (unit_pos s Hs) as Us. pose proof (shiftl_floor n (- s)) as F.
  rewrite Z.shiftl_opp_r, plus_IZR in F.
  assert (E : IZR n / unit s = IZR n * powerRZ 2 (- s)); [|rewrite E; exact F].
  unfold Rdiv. f_equal. rewrite unit_powerRZ by assumption. symmetry. apply powerRZ_neg'.
Qed.

(** *** Which factor to take: about the choice nothing is claimed *)
Definition within (s i : Z) : Z := Z.max 0 (Z.min (if (s =? first_level)%Z then 16 else last_index) i).

(** *** exp, from above *)
(** Near [(e^r - 1) 2^s], by the series where its first term is not enough. *)
Definition exp_index (s r : Z) : Z :=
  within s (if (s <=? first_level + finer)%Z then
    let m := Z.shiftr r (p - s - 4) in
    Z.shiftr (m + Z.shiftr (m * m) (s + 5) + Z.shiftr (m * m * m) (2 * s + 11)) 4
  else Z.shiftr r (p - s)).

Fixpoint exp_levels (ls : list ln_level) (r : Z) : option Z :=
  match ls with
  | [] => if (r <=? one p)%Z then Some (one p + r + Z.shiftr (r * r) p + 1)%Z else None
  | (s, table) :: rest =>
      let i := exp_index s r in
      match nth_error table (Z.to_nat i) with
      | Some v => match exp_levels rest (r - fst v) with
                  | Some e => Some (e + Z.shiftr (i * e) s + 1)%Z
                  | None => None
                  end
      | None => None
      end
  end.

Lemma exp_index_nonneg s r : (0 <= exp_index s r)%Z.
Proof. apply Z.le_max_l. Qed.

(** [e^t <= 1 + t + t^2]. *)
Lemma exp_below_square t : t <= 1 -> exp t <= 1 + t + t * t.
Proof.
  intros Ht. destruct (Rle_or_lt 0 t) as [H0|H0].
  - destruct (remainder_bounds 3 t ltac:(lra)) as [_ U]. simpl in U. nra.
  - pose proof (exp_ineq1_le (- t)) as I. rewrite exp_Ropp in I. pose proof (exp_pos t) as P.
    assert (E : exp t * (1 - t) <= 1).
    { apply Rmult_le_reg_r with (/ exp t); [now apply Rinv_0_lt_compat|].
      replace (exp t * (1 - t) * / exp t) with (1 - t) by (field; lra). lra. }
    apply Rmult_le_reg_r with (1 - t); [lra|]. nra.
Qed.

Lemma exp_levels_correct ls : Forall is_level ls -> forall r e x, x * unit p <= IZR r ->
  exp_levels ls r = Some e -> exp x * unit p <= IZR e.
Proof.
  induction 1 as [|[s table] rest [Hs Ht] _ IH]; intros r e x Hx; cbn [exp_levels].
  - destruct (Z.leb_spec r (one p)) as [Hr|]; [|discriminate]. intros [= <-]. apply IZR_le in Hr.
    rewrite one_unit in Hr by assumption. rewrite !plus_IZR, one_unit by assumption.
    pose proof (shiftr_bounds (r * r) p Hp) as [_ B]. rewrite mult_IZR in B.
    set (t := IZR r / unit p). assert (Et : t * unit p = IZR r) by (unfold t; field; lra).
    assert (Hxt : x <= t) by (apply Rmult_le_reg_r with (unit p); lra).
    assert (Ht1 : t <= 1) by (apply Rmult_le_reg_r with (unit p); lra).
    pose proof (exp_mono x t Hxt). pose proof (exp_below_square t Ht1).
    assert (IZR r * IZR r / unit p = t * t * unit p) by (rewrite <- Et; field; lra).
    assert (exp x * unit p <= (1 + t + t * t) * unit p) by (apply Rmult_le_compat_r; lra). nra.
  - cbn [fst snd] in *. set (i := exp_index s r). pose proof (exp_index_nonneg s r) as Hi. fold i in Hi.
    destruct (nth_error table (Z.to_nat i)) as [v|] eqn:Ev; [|discriminate].
    destruct (exp_levels rest (r - fst v)) as [d|] eqn:Ed; [|discriminate]. intros [= <-].
    destruct (Ht _ _ Ev) as [V _]. rewrite Z2Nat.id in V by assumption.
    pose proof (factor_pos s i Hs Hi) as F. set (f := 1 + IZR i / unit s) in *.
    apply (IH _ d (x - ln f)) in Ed; [|rewrite minus_IZR, Rmult_minus_distr_r; lra].
    rewrite !plus_IZR. pose proof (shiftr_bounds (i * d) s Hs) as [_ B]. rewrite mult_IZR in B.
    apply Rle_trans with (f * IZR d); [|unfold f; unfold Rdiv in *; lra].
    replace (exp x * unit p) with (f * (exp (x - ln f) * unit p)); [apply Rmult_le_compat_l; lra|].
    unfold Rminus. rewrite exp_plus, exp_Ropp, exp_ln by lra. field. lra.
Qed.

(** None for exponents of [max_exponent] and more. *)
Definition exp_above (t : ln_tables) (x : Z) : option Z :=
  if (max_exponent <=? Z.shiftr x p)%Z then None else
  let k := Z.shiftr (Z.shiftr x (p - 16) * 94548) 32 in    (* 2^16 / ln 2 *)
  match exp_levels (levels_of t) (x - k * (if 0 <=? k then fst (two t) else snd (two t))) with
  | Some e => Some (if 0 <=? k then Z.shiftl e k else Z.shiftr e (- k) + 1)%Z
  | None => None
  end.

Lemma exp_of_ln2 k : exp (IZR k * ln 2) = powerRZ 2 k.
Proof. rewrite <- ln_powerRZ2. apply exp_ln, powerRZ_lt. lra. Qed.

Lemma exp_above_correct t x e : sound_tables t -> exp_above t x = Some e -> exp (IZR x / unit p) * unit p <= IZR e.
Proof.
  intros [[T1 T2] Hl]. unfold exp_above. destruct (_ <=? _)%Z; [discriminate|]. set (k := Z.shiftr _ 32). clearbody k.
  destruct (exp_levels _ _) as [d|] eqn:Ed; [|discriminate]. intros [= <-].
  apply (exp_levels_correct _ Hl _ d (IZR x / unit p - IZR k * ln 2)) in Ed.
  - replace (exp (IZR x / unit p)) with (powerRZ 2 k * exp (IZR x / unit p - IZR k * ln 2)).
    2:{ rewrite <- exp_of_ln2, <- exp_plus. f_equal. ring. }
    destruct (Z.leb_spec 0 k) as [Hk|Hk].
    + rewrite shiftl_unit, (unit_powerRZ k) by assumption. rewrite Rmult_assoc, Rmult_comm.
      apply Rmult_le_compat_r; [apply Rlt_le, powerRZ_lt; lra|exact Ed].
    + rewrite plus_IZR. pose proof (shiftr_bounds d (- k) ltac:(lia)) as [_ B].
      apply Rle_trans with (IZR d / unit (- k)); [|exact B].
      assert (E : / unit (- k) = powerRZ 2 k).
      { rewrite unit_powerRZ by lia. rewrite <- powerRZ_neg'. f_equal. lia. }
      unfold Rdiv. rewrite E, Rmult_assoc, Rmult_comm.
      apply Rmult_le_compat_r; [apply Rlt_le, powerRZ_lt; lra|exact Ed].
  - rewrite Rmult_minus_distr_r. replace (IZR x / unit p * unit p) with (IZR x) by (field; lra).
    rewrite minus_IZR, mult_IZR.
    destruct (Z.leb_spec 0 k) as [Hk|Hk]; [apply IZR_le in Hk|apply IZR_lt in Hk]; nra.
Qed.

(** *** ln, from both sides: of numbers from [w] to [w + d] *)
(** Near [2^s (1 - w) / w]. *)
Definition log_index (s w : Z) : Z :=
  let gap := (one p - w)%Z in
  within s (if (s <=? first_level + finer)%Z then Z.shiftr gap (p - s - 7) / (Z.shiftr w (p - 7) + 1)
            else Z.shiftr gap (p - s)).

Fixpoint log_levels (ls : list ln_level) (w d : Z) : option interval :=
  match ls with
  | [] => let t := (w - one p)%Z in
          if (- one p <=? 2 * t)%Z then Some (t - up (t * t + t * t) p, t + d)%Z else None
  | (s, table) :: rest =>
      let i := log_index s w in
      match nth_error table (Z.to_nat i) with
      | Some v => match log_levels rest (w + Z.shiftr (i * w) s) (d + Z.shiftr (i * d) s + 2) with
                  | Some l => Some (fst l - snd v, snd l - fst v)%Z
                  | None => None
                  end
      | None => None
      end
  end.

Lemma log_index_nonneg s w : (0 <= log_index s w)%Z.
Proof. apply Z.le_max_l. Qed.

Lemma log_levels_correct ls : Forall is_level ls -> forall w d l x, (0 < w)%Z ->
  IZR w <= x * unit p <= IZR (w + d) -> log_levels ls w d = Some l -> encloses p l (ln x).
Proof.
  induction 1 as [|[s table] rest [Hs Ht] _ IH]; intros w d l x Hw [X1 X2]; cbn [log_levels]; apply IZR_lt in Hw as Rw.
  - destruct (Z.leb_spec (- one p) (2 * (w - one p))) as [Hr|]; [|discriminate]. intros [= <-].
    apply IZR_le in Hr. rewrite mult_IZR, opp_IZR, minus_IZR, one_unit in Hr by assumption. rewrite plus_IZR in X2.
    set (t := (w - one p)%Z). set (y := IZR t / unit p). assert (Ey : y * unit p = IZR t) by (unfold y; field; lra).
    assert (Et : IZR t = IZR w - unit p) by (unfold t; now rewrite minus_IZR, one_unit).
    assert (Hy : - (1 / 2) <= y) by (apply Rmult_le_reg_r with (unit p); lra).
    assert (Hyx : 1 + y <= x) by (apply Rmult_le_reg_r with (unit p); [assumption|]; rewrite Rmult_plus_distr_r; lra).
    pose proof (ln_1_plus_lower y Hy) as B. pose proof (ln_mono (1 + y) x ltac:(lra) Hyx) as M.
    pose proof (ln_le_minus_1 x ltac:(lra)) as U.
    pose proof (up_ge (t * t + t * t) p Hp) as S. rewrite plus_IZR, !mult_IZR in S.
    assert (S' : 2 * (y * y) * unit p <= IZR (up (t * t + t * t) p)).
    { apply Rmult_le_reg_r with (unit p); [assumption|].
      replace (2 * (y * y) * unit p * unit p) with (2 * ((y * unit p) * (y * unit p))) by ring. rewrite Ey. lra. }
    unfold encloses; cbn [fst snd]. rewrite minus_IZR, plus_IZR.
    assert ((y - 2 * (y * y)) * unit p <= ln x * unit p) by (apply Rmult_le_compat_r; lra).
    assert (ln x * unit p <= (x - 1) * unit p) by (apply Rmult_le_compat_r; lra). split; lra.
  - cbn [fst snd] in *. set (i := log_index s w). pose proof (log_index_nonneg s w) as Hi. fold i in Hi.
    destruct (nth_error table (Z.to_nat i)) as [v|] eqn:Ev; [|discriminate].
    destruct (log_levels rest _ _) as [m|] eqn:Em; [|discriminate]. intros [= <-].
    pose proof (Ht _ _ Ev) as V. rewrite Z2Nat.id in V by assumption.
    pose proof (factor_pos s i Hs Hi) as F. set (f := 1 + IZR i / unit s) in *.
    assert (Hx : 0 < x) by (apply Rmult_lt_reg_r with (unit p); lra).
    apply (IH _ _ m (x * f)) in Em.
    + apply encloses_ext with (ln (x * f) - ln f); [rewrite ln_mult by lra; ring|]. now apply sub_correct.
    + assert (0 <= Z.shiftr (i * w) s)%Z by (apply Z.shiftr_nonneg; nia). lia.
    + pose proof (shiftr_bounds (i * w) s Hs) as [W1 W2]. pose proof (shiftr_bounds (i * d) s Hs) as [_ D2].
      rewrite mult_IZR in W1, W2, D2. rewrite !plus_IZR in *.
      replace (x * f * unit p) with (f * (x * unit p)) by ring.
      assert (E1 : f * IZR w = IZR w + IZR i * IZR w / unit s) by (unfold f, Rdiv; ring).
      assert (E2 : f * (IZR w + IZR d) = f * IZR w + IZR d + IZR i * IZR d / unit s) by (unfold f, Rdiv; ring).
      split.
      * apply Rle_trans with (f * IZR w); [lra|apply Rmult_le_compat_l; lra].
      * apply Rle_trans with (f * (IZR w + IZR d)); [apply Rmult_le_compat_l; lra|lra].
Qed.

Definition log_of (t : ln_tables) (z : Z) : option interval :=
  let w := Z.shiftr z 1 in                    (* from 1 to 2 before, from 1/2 to 1 now *)
  if (0 <? w)%Z then option_map (add (two t)) (log_levels (levels_of t) w 1) else None.

Lemma log_of_correct t z i x : sound_tables t -> IZR z <= x * unit p <= IZR (z + 1) -> log_of t z = Some i ->
  encloses p i (ln x).
Proof.
  intros [T Hl] [X1 X2]. unfold log_of. destruct (Z.ltb_spec 0 (Z.shiftr z 1)) as [Hw|]; [|discriminate].
  destruct (log_levels _ _ _) as [l|] eqn:E; [|discriminate]. intros [= <-].
  pose proof (shiftr_bounds z 1 ltac:(lia)) as [S1 S2]. change (unit 1) with 2 in S1, S2.
  assert (S3 : (z + 1 <= 2 * (Z.shiftr z 1 + 1))%Z).
  { rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 1)%Z with 2%Z. pose proof (Z.div_mod z 2 ltac:(lia)).
    pose proof (Z.mod_pos_bound z 2 ltac:(lia)). lia. }
  apply IZR_le in S3. rewrite mult_IZR in S3. apply IZR_lt in Hw as Rw.
  assert (Hx : 0 < x) by (apply Rmult_lt_reg_r with (unit p); lra).
  apply (log_levels_correct _ Hl _ _ l (x / 2)) in E; [|assumption|].
  - apply encloses_ext with (ln 2 + ln (x / 2)); [|now apply add_correct].
    rewrite <- ln_mult by lra. f_equal. field.
  - replace (x / 2 * unit p) with (x * unit p / 2) by field. lra.
Qed.

(** ln of [n / 2^q], and an upper bound of ln of a ratio. *)
Definition quick_log (t : ln_tables) : Z -> Z -> option interval := scaled_log p (log_of t) (two t).
Definition quick_log_ratio (t : ln_tables) : Z -> Z -> option Z := scaled_log_ratio p (log_of t) (two t).

Lemma quick_log_correct t n q i : sound_tables t -> quick_log t n q = Some i -> encloses p i (ln (IZR n / unit q)).
Proof. intros Ht. apply scaled_log_correct; [assumption| |apply Ht]. intros z j x. now apply log_of_correct. Qed.

Lemma quick_log_ratio_correct t n d h : sound_tables t -> (0 < n)%Z -> (0 < d)%Z ->
  quick_log_ratio t n d = Some h -> ln (IZR n / IZR d) * unit p <= IZR h.
Proof. intros Ht. apply scaled_log_ratio_correct; [assumption| |apply Ht]. intros z j x. now apply log_of_correct. Qed.

(** ** Making the tables *)
Definition fine : Z := (p + spare)%Z.

Lemma fine_nonneg : (0 <= fine)%Z.
Proof. unfold fine, spare. lia. Qed.
Let Hfine : (0 <= fine)%Z := fine_nonneg.

Definition terms_for (bits : Z) : list interval := reciprocals fine (Z.to_nat (fine / bits) + 1).

(** [ln (N / M)], ln of [(N + 1) / M], and so on, from the first of them. *)
Fixpoint chain (l : list interval) (fuel : nat) (N : Z) (now : interval) : list interval :=
  match fuel with
  | O => []
  | S f => now :: chain l f (N + 1) (add now (ln_1_plus fine l 1 N))
  end.

Lemma chain_correct l fuel M : are_reciprocals fine 0 l -> (0 < M)%Z -> forall N now, (0 < N)%Z ->
  encloses fine now (ln (IZR N / IZR M)) ->
  forall i v, nth_error (chain l fuel N now) i = Some v -> encloses fine v (ln (IZR (N + Z.of_nat i) / IZR M)).
Proof.
  intros Hl HM. apply IZR_lt in HM. induction fuel as [|f IH]; intros N now HN Hnow [|i] v; simpl; try discriminate.
  - intros [= <-]. now rewrite Z.add_0_r.
  - intros E. replace (N + Z.pos (Pos.of_succ_nat i))%Z with ((N + 1) + Z.of_nat i)%Z by lia.
    apply IZR_lt in HN as RN. assert (HN' : (0 < N + 1)%Z) by lia. refine (IH _ _ HN' _ i v E).
    apply encloses_ext with (ln (IZR N / IZR M) + ln (1 + IZR 1 / IZR N)).
    + rewrite <- ln_mult.
      * f_equal. rewrite plus_IZR. field. lra.
      * now apply Rdiv_lt_0_compat.
      * pose proof (Rdiv_lt_0_compat 1 (IZR N) ltac:(lra) RN). lra.
    + apply add_correct; [assumption|]. now apply ln_1_plus_correct; [exact Hfine| | |].
Qed.

Definition first_table : list interval :=
  let n := Z.shiftl 1 first_level in map (coarse spare) (chain (terms_for first_level) 17 n zero).

Definition table_of (s : Z) : list interval :=
  let l := terms_for (s - 5) in let n := Z.shiftl 1 s in
  map (fun i => coarse spare (ln_1_plus fine l (Z.of_nat i) n)) (seq 0 32).

Lemma first_table_correct : is_level (first_level, first_table).
Proof.
  split; [simpl; unfold first_level; lia|]. cbn [fst snd]. intros i v. unfold first_table. rewrite nth_error_map.
  destruct (nth_error _ i) as [w|] eqn:E; cbn [option_map]; [|discriminate]. intros [= <-].
  apply coarse_correct; [assumption|unfold spare; lia|].
  apply encloses_ext with (ln (IZR (Z.shiftl 1 first_level + Z.of_nat i) / IZR (Z.shiftl 1 first_level))).
  - f_equal. rewrite plus_IZR. change (IZR (Z.shiftl 1 first_level)) with (unit first_level).
    pose proof (unit_pos first_level ltac:(unfold first_level; lia)). field. lra.
  - assert (H16 : (0 < Z.shiftl 1 first_level)%Z) by reflexivity.
    refine (chain_correct _ _ _ (reciprocals_correct fine Hfine _) H16 _ _ H16 _ i w E).
    apply encloses_ext with 0; [|apply zero_correct].
    unfold Rdiv. rewrite Rinv_r by (apply Rgt_not_eq, IZR_lt; reflexivity). now rewrite ln_1.
Qed.

Lemma table_of_correct s : (0 <= s)%Z -> is_level (s, table_of s).
Proof.
  intros Hs. split; [exact Hs|]. cbn [fst snd]. intros i v. unfold table_of. rewrite nth_error_map.
  destruct (nth_error (seq 0 32) i) as [k|] eqn:E; cbn [option_map]; [|discriminate]. intros [= <-].
  apply nth_error_seq in E. subst k. cbn [Nat.add]. apply coarse_correct; [assumption|unfold spare; lia|].
  pose proof (unit_pos s Hs) as Us.
  apply encloses_ext with (ln (1 + IZR (Z.of_nat i) / IZR (Z.shiftl 1 s))).
  - rewrite shiftl_unit by assumption. now rewrite Rmult_1_l.
  - apply ln_1_plus_correct; [exact Hfine|apply (reciprocals_correct fine Hfine)|lia|].
    apply lt_IZR. rewrite shiftl_unit by assumption. lra.
Qed.

(** Levels until a factor is left whose distance from 1 is lost when squared. *)
Definition steps : list Z :=
  map (fun j => first_level + finer * (Z.of_nat j + 1))%Z (seq 0 (Z.to_nat ((p / 2 + 1) / finer))).

Definition make_ln_tables : option ln_tables :=
  match nth_error first_table 16 with
  | Some t => Some (LnTables t ((first_level, first_table) :: map (fun s => (s, table_of s)) steps))
  | None => None
  end.

Lemma steps_nonneg : Forall (fun s => (0 <= s)%Z) steps.
Proof. apply Forall_map, Forall_forall. intros j _. unfold first_level, finer. lia. Qed.

Lemma make_ln_tables_sound t : make_ln_tables = Some t -> sound_tables t.
Proof.
  unfold make_ln_tables. destruct first_table_correct as [H0 H1]. cbn [fst snd] in H1.
  destruct (nth_error first_table 16) as [v|] eqn:E; [|discriminate]. intros [= <-]. split; cbn [two levels_of].
  - apply encloses_ext with (2 := H1 _ _ E). f_equal. change (unit first_level) with 16.
    change (Z.of_nat 16) with 16%Z. field.
  - constructor; [exact first_table_correct|]. apply Forall_map.
    apply Forall_impl with (2 := steps_nonneg). exact table_of_correct.
Qed.
End Tables.
